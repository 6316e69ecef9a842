/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/commands.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tools/find.h>
#include <tools/say.h>

static int fail(void)
{
	cbx_say_error();
	return CBX_CODE_FAILED;
}

/* An image named where a program was meant is a common slip. */
static int load_image(const char *path, struct cbx_image **image)
{
	enum cbx_status status = cbx_image_load(path, image);
	const struct cbx_error *error = cbx_error_last();

	if (status == CBX_OK) {
		return 0;
	}
	if (error->os_error == ENOENT) {
		cbx_say_error();
		return CBX_CODE_NOT_FOUND;
	}
	if (status == CBX_E_INVALID && error->os_error == 0) {
		cbx_say("%s: %s; make one with confbox build, or put -- before "
			"a program",
			path, error->text);
		return CBX_CODE_NO_PROGRAM;
	}
	return fail();
}

/* A program of the root is looked for there. */
static int build_of_root(
	struct cbx_command_line *line, struct cbx_image **image)
{
	line->program.path = line->argv[0];
	line->program.argv = (const char *const *)line->argv;
	return cbx_image_build(&line->program, image) == CBX_OK ? 0 : fail();
}

static int build_image(struct cbx_command_line *line, struct cbx_image **image)
{
	char *path = NULL;
	int code;

	if (line->program.root != NULL) {
		return build_of_root(line, image);
	}
	code = cbx_find_program(line->argv[0], &path);
	if (code != 0) {
		return code;
	}
	line->program.path = path;
	line->program.argv = (const char *const *)line->argv;
	if (cbx_program_check(path) != CBX_OK) {
		cbx_say_error();
		code = CBX_CODE_NO_PROGRAM;
	} else if (cbx_image_build(&line->program, image) != CBX_OK) {
		code = fail();
	}
	line->program.path = NULL;
	free(path);
	return code;
}

int cbx_command_image(struct cbx_command_line *line, struct cbx_image **image)
{
	return line->image != NULL ? load_image(line->image, image)
				   : build_image(line, image);
}

struct cbx_hex cbx_command_hex(const uint8_t digest[CBX_DIGEST_BYTES])
{
	struct cbx_hex hex;

	for (size_t i = 0; i < CBX_DIGEST_BYTES; i++) {
		(void)snprintf(&hex.text[2 * i], 3, "%02x", digest[i]);
	}
	return hex;
}

int cbx_command_build(struct cbx_command_line *line)
{
	struct cbx_image *image;
	int code = cbx_command_image(line, &image);

	if (code != 0) {
		return code;
	}
	if (cbx_image_save(image, line->output) != CBX_OK) {
		code = fail();
	}
	cbx_image_destroy(image);
	return code;
}

/* What is asked for of an image: itself, its clones, its runtime. */
static enum cbx_status measure(const struct cbx_command_line *line,
	const struct cbx_image *image, uint8_t digest[CBX_DIGEST_BYTES])
{
	if (line->runtime) {
		return cbx_image_measure_runtime(image, digest);
	}
	return line->clone ? cbx_image_measure_clone(image, digest)
			   : cbx_image_measure(image, digest);
}

int cbx_command_measure(struct cbx_command_line *line)
{
	uint8_t digest[CBX_DIGEST_BYTES];
	struct cbx_image *image;
	int code = cbx_command_image(line, &image);

	if (code != 0) {
		return code;
	}
	if (measure(line, image, digest) != CBX_OK) {
		code = fail();
	} else {
		(void)printf("%s\n", cbx_command_hex(digest).text);
		code = cbx_say_flush();
	}
	cbx_image_destroy(image);
	return code;
}

static void print_boot(const struct cbx_capabilities *info)
{
	if (info->boot_measured != 0) {
		(void)printf("boot          %s, as the loader says; nothing "
			     "signs it\n",
			cbx_command_hex(info->boot_digest).text);
	} else {
		(void)printf("boot          not measured\n");
	}
}

/* What a monitor that is a process will say of itself. */
static void print_monitor(const struct cbx_capabilities *info)
{
	uint8_t digest[CBX_DIGEST_BYTES];

	if (info->backend == CBX_BACKEND_LINUX &&
		cbx_monitor_measure(digest) == CBX_OK) {
		(void)printf("monitor       %s, as it says itself in "
			     "evidence; nothing signs it\n",
			cbx_command_hex(digest).text);
	}
}

static void print_policies(uint64_t caps)
{
	(void)printf("text          %s\n",
		(caps & CBX_CAP_BOX_EXECUTE_ONLY) != 0
			? "execute-only on request: against disclosure by "
			  "bugs, not against code that turns the keys off"
			: "can be read by its box, and a box that forbids it "
			  "is refused");
	(void)printf("features      %s\n",
		(caps & CBX_CAP_FEATURES) != 0
			? "withheld on request, but CPUID still names them"
			: "all the CPU's; a box that lists its own is refused");
	(void)printf("cpuid         %s\n",
		(caps & CBX_CAP_CPUID) != 0
			? "withheld on request: a box is told of a level of "
			  "x86-64, and no machine"
			: "the machine's; a box that is to be told otherwise "
			  "is refused");
}

/* Where the monitor is a process, one of its CPUs is never lent to a box. */
static uint32_t boxes_at_once(const struct cbx_capabilities *info)
{
	return info->backend == CBX_BACKEND_LINUX ? info->cpu_count - 1
						  : info->cpu_count;
}

static void print_info(const struct cbx_capabilities *info)
{
	(void)printf("confbox       %s\n", cbx_version());
	(void)printf("interface     library %u.%u, monitor %u.%u\n",
		CBX_ABI_MAJOR, CBX_ABI_MINOR, info->abi_major, info->abi_minor);
	(void)printf("backend       %s\n", cbx_backend_name(info->backend));
	(void)printf("protection    %s\n", cbx_capabilities_text(info->caps));
	(void)printf("devices       %s\n",
		(info->caps & CBX_CAP_DMA) != 0
			? "are kept out, by an IOMMU"
			: "are not kept out: no IOMMU, or a way round it");
	if (info->backend == CBX_BACKEND_PKS_VM) {
		(void)printf("host          a test host only: no Linux kernel "
			     "runs on this backend yet\n");
	}
	print_boot(info);
	print_monitor(info);
	print_policies(info->caps);
	(void)printf("memory        %llu MiB for boxes, unless --memory asks "
		     "for more\n",
		(unsigned long long)(info->free_pages >> 8));
	(void)printf("cpus          %u boxes at once\n", boxes_at_once(info));
}

int cbx_command_info(struct cbx_command_line *line)
{
	struct cbx_capabilities info = { .size = sizeof(info) };
	struct cbx_context *context;
	int code;

	(void)line;
	if (cbx_context_open(NULL, &context) != CBX_OK) {
		return fail();
	}
	if (cbx_context_query(context, &info) != CBX_OK) {
		code = fail();
	} else {
		print_info(&info);
		code = cbx_say_flush();
	}
	cbx_context_close(context);
	return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned int descriptors_before;

void service_assert_good(enum cbx_status status, const char *call)
{
	if (status != CBX_OK) {
		fail_msg("%s: %s", call, cbx_error_last()->text);
	}
}

int64_t service_input(void *arg, void *buf, size_t size)
{
	struct service_io *io = arg;
	size_t left = io->input_size - io->input_done;
	size_t part = left < size ? left : size;

	memcpy(buf, io->input + io->input_done, part);
	io->input_done += part;
	return (int64_t)part;
}

int64_t service_output(
	void *arg, enum cbx_port port, const void *buf, size_t size)
{
	struct service_io *io = arg;

	(void)port;
	assert_true(size < sizeof(io->output) - io->output_size);
	memcpy(io->output + io->output_size, buf, size);
	io->output_size += size;
	io->output[io->output_size] = '\0';
	return (int64_t)size;
}

struct cbx_image *service_image(const char *const *argv, uint32_t flags)
{
	struct cbx_program program = { .size = sizeof(program),
		.path = "/bin/busybox",
		.argv = argv,
		.memory_bytes = 16u << 20,
		.flags = flags };
	struct cbx_image *image = NULL;

	assert_good(cbx_image_build(&program, &image));
	return image;
}

struct cbx_context *service_context(uint64_t mib)
{
	struct cbx_options options = { .size = sizeof(options),
		.memory_bytes = mib << 20 };
	struct cbx_context *context = NULL;

	assert_good(cbx_context_open(&options, &context));
	return context;
}

struct cbx_run service_run(struct service_io *io)
{
	return (struct cbx_run){ .size = sizeof(struct cbx_run),
		.input_fd = -1,
		.output_fd = -1,
		.error_fd = -1,
		.arg = io,
		.input = service_input,
		.output = service_output };
}

struct cbx_result service_do(struct cbx_context *context,
	const struct cbx_image *image, struct service_io *io)
{
	struct cbx_result result = { .size = sizeof(result) };
	struct cbx_run run = service_run(io);
	struct cbx_box *box = NULL;

	assert_good(cbx_box_load(context, image, &box));
	assert_good(cbx_box_run(box, &run, &result));
	cbx_box_destroy(box);
	return result;
}

unsigned int service_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL) {
		count++;
	}
	closedir(folder);
	return count;
}

/* The largest number in a file of numbers; 0 if there is none. */
static int largest_in(const char *path)
{
	FILE *file = fopen(path, "r");
	char text[4096];
	size_t n = file == NULL ? 0 : fread(text, 1, sizeof(text) - 1, file);
	char *at = text;
	char *next;
	long largest = 0;

	text[n] = '\0';
	for (long pid = strtol(at, &next, 10); next != at;
		pid = strtol(at, &next, 10)) {
		largest = pid > largest ? pid : largest;
		at = next;
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	return (int)largest;
}

int service_child_of(int pid)
{
	char path[320];
	struct dirent *task;
	int largest = 0;
	DIR *tasks;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks != NULL && (task = readdir(tasks)) != NULL) {
		int child;

		(void)snprintf(path, sizeof(path), "/proc/%d/task/%s/children",
			pid, task->d_name);
		child = largest_in(path);
		largest = child > largest ? child : largest;
	}
	if (tasks != NULL) {
		closedir(tasks);
	}
	return largest;
}

unsigned int service_children(void)
{
	return service_child_of(getpid()) != 0 ? 1 : 0;
}

bool service_childless(void)
{
	for (int i = 0; i < 300; i++) {
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0) {
		}
		if (service_children() == 0) {
			return true;
		}
		(void)usleep(10000);
	}
	return false;
}

int service_begin(void **state)
{
	(void)state;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
		return -1;
	}
	descriptors_before = service_descriptors();
	return 0;
}

int service_end(void **state)
{
	(void)state;
	if (!service_childless()) {
		print_error(
			"a process is left: %d\n", service_child_of(getpid()));
		return -1;
	}
	if (service_descriptors() != descriptors_before) {
		print_error("descriptors are left: %u, were %u\n",
			service_descriptors(), descriptors_before);
		return -1;
	}
	return 0;
}

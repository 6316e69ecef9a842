/* SPDX-License-Identifier: Apache-2.0 */
/* What programs need: read from ELF files, found along folders, and put into a
 * tree with the links that lead there. */
#include "client/unit.h"

#include <elf.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <client/elf_needs.h>
#include <client/libraries.h>
#include <client/pyc.h>
#include <client/tree_node.h>

#define SIZE	   4096u
#define DYNAMIC_AT 1024u
#define STRINGS_AT 2048u
#define STRINGS_VA 0x402000u

static char folder[] = "/tmp/test_client_needs.XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[16][256];
	static unsigned int turn;
	char *at = path[turn++ % 16];

	(void)snprintf(at, sizeof(path[0]), "%s/%s", folder, name);
	return at;
}

/* A library: what it needs, where it looks. */
struct library {
	const char *interpreter;
	const char *needed[3];
	const char *rpath;
	const char *runpath;
};

static uint8_t file[SIZE];
static size_t string_bytes;
static size_t entry_count;

static uint64_t put_string(const char *text)
{
	size_t at = string_bytes;

	memcpy(file + STRINGS_AT + at, text, strlen(text) + 1);
	string_bytes += strlen(text) + 1;
	return at;
}

static void put_entry(int64_t tag, uint64_t value)
{
	Elf64_Dyn entry = { .d_tag = tag, .d_un.d_val = value };

	memcpy(file + DYNAMIC_AT + entry_count++ * sizeof(entry), &entry,
		sizeof(entry));
}

static void put_segment(unsigned int i, Elf64_Phdr segment)
{
	memcpy(file + sizeof(Elf64_Ehdr) + i * sizeof(segment), &segment,
		sizeof(segment));
}

static void make(const struct library *library)
{
	Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB },
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = library->interpreter != NULL ? 3 : 2,
	};
	uint64_t interpreter;

	memset(file, 0, sizeof(file));
	memcpy(file, &header, sizeof(header));
	string_bytes = 1;
	entry_count = 0;
	for (size_t i = 0; i < 3 && library->needed[i] != NULL; i++) {
		put_entry(DT_NEEDED, put_string(library->needed[i]));
	}
	if (library->rpath != NULL) {
		put_entry(DT_RPATH, put_string(library->rpath));
	}
	if (library->runpath != NULL) {
		put_entry(DT_RUNPATH, put_string(library->runpath));
	}
	put_entry(DT_STRTAB, STRINGS_VA + STRINGS_AT);
	put_entry(DT_STRSZ, string_bytes);
	put_entry(DT_NULL, 0);
	put_segment(0, (Elf64_Phdr){ .p_type = PT_LOAD,
			       .p_vaddr = STRINGS_VA,
			       .p_filesz = SIZE,
			       .p_memsz = SIZE });
	put_segment(1, (Elf64_Phdr){ .p_type = PT_DYNAMIC,
			       .p_offset = DYNAMIC_AT,
			       .p_filesz = entry_count * sizeof(Elf64_Dyn) });
	if (library->interpreter != NULL) {
		interpreter = STRINGS_AT + put_string(library->interpreter);
		put_segment(2,
			(Elf64_Phdr){ .p_type = PT_INTERP,
				.p_offset = interpreter,
				.p_filesz = strlen(library->interpreter) + 1 });
	}
}

static void write_file(const char *name, const void *bytes, size_t size)
{
	FILE *to = fopen(in_folder(name), "w");

	assert_non_null(to);
	assert_int_equal(fwrite(bytes, 1, size, to), size);
	assert_int_equal(fclose(to), 0);
}

static void write_library(const char *name, struct library library)
{
	make(&library);
	write_file(name, file, sizeof(file));
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || mkdir(in_folder("a"), 0755) != 0 ||
	       mkdir(in_folder("b"), 0755) != 0;
}

static int remove_folder(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void everything_a_file_needs_is_read(void **state)
{
	struct cbx_elf_needs needs;

	(void)state;
	make(&(struct library){ "/lib/ld", { "one", "two" }, "/r", "/s:/t" });
	assert_true(cbx_elf_needs_read(file, SIZE, &needs));
	assert_string_equal(needs.interpreter, "/lib/ld");
	assert_int_equal(needs.library_count, 2);
	assert_string_equal(needs.library[0], "one");
	assert_string_equal(needs.library[1], "two");
	assert_string_equal(needs.rpath, "/r");
	assert_string_equal(needs.runpath, "/s:/t");
	make(&(struct library){ 0 });
	assert_true(cbx_elf_needs_read(file, SIZE, &needs));
	assert_null(needs.interpreter);
	assert_null(needs.rpath);
	assert_int_equal(needs.library_count, 0);
}

static void a_file_cut_anywhere_does_no_harm(void **state)
{
	size_t accepted = 0;

	(void)state;
	make(&(struct library){ "/lib/ld", { "one" }, "/r", NULL });
	for (size_t size = 0; size <= SIZE; size++) {
		uint8_t *exact = malloc(size == 0 ? 1 : size);
		struct cbx_elf_needs needs;

		assert_non_null(exact);
		memcpy(exact, file, size);
		accepted += cbx_elf_needs_read(exact, size, &needs);
		if (size < SIZE) {
			assert_int_equal(needs.library_count, 0);
		}
		free(exact);
	}
	assert_true(accepted > SIZE / 2);
}

static void strings_that_are_none_are_left_out(void **state)
{
	struct cbx_elf_needs needs;

	(void)state;
	make(&(struct library){ NULL, { "one" }, NULL, NULL });
	entry_count = 0;
	put_entry(DT_NEEDED, UINT64_MAX);
	assert_true(cbx_elf_needs_read(file, SIZE, &needs));
	assert_int_equal(needs.library_count, 0);
	make(&(struct library){ NULL, { "one" }, NULL, NULL });
	file[STRINGS_AT + string_bytes - 1] = 'x'; /* it does not end */
	assert_true(cbx_elf_needs_read(file, SIZE, &needs));
	assert_int_equal(needs.library_count, 0);
}

static void assert_found(char *found, const char *expected)
{
	if (expected == NULL) {
		assert_null(found);
	} else {
		assert_non_null(found);
		assert_string_equal(found, in_folder(expected));
	}
	free(found);
}

static void folders_are_searched_in_order(void **state)
{
	char list[600];

	(void)state;
	write_library("a/lib1", (struct library){ 0 });
	write_library("b/lib1", (struct library){ 0 });
	write_library("b/lib2", (struct library){ 0 });
	write_file("a/lib2", "no library", 10);
	(void)snprintf(list, sizeof(list), "/nowhere:%s:%s", in_folder("a"),
		in_folder("b"));
	assert_found(cbx_search_list(list, "/", "lib1"), "a/lib1");
	assert_found(cbx_search_list(list, "/", "lib2"), "b/lib2");
	assert_found(cbx_search_list(list, "/", "lib3"), NULL);
	assert_found(cbx_search_list(NULL, "/", "lib1"), NULL);
	assert_found(cbx_search_list("$ORIGIN/b", folder, "lib1"), "b/lib1");
	assert_found(cbx_search_list("${ORIGIN}/a", folder, "lib1"), "a/lib1");
	assert_found(cbx_search_list("$ORIGINA/b", folder, "lib1"), NULL);
}

static bool holds(const struct cbx_tree *tree, const char *box)
{
	for (size_t i = 0; i < tree->count; i++) {
		if (strcmp(tree->node[i].box, box) == 0) {
			return true;
		}
	}
	return false;
}

/* Collect what the file in memory needs, as a program at folder/program. */
static enum cbx_status collect(struct cbx_tree *tree, bool required)
{
	struct cbx_libraries libraries;
	enum cbx_status status;

	*tree = (struct cbx_tree){ 0 };
	assert_int_equal(cbx_libraries_init(&libraries, tree), CBX_OK);
	status = cbx_libraries_add(
		&libraries, in_folder("program"), file, SIZE, required);
	cbx_libraries_fini(&libraries);
	return status;
}

static void rpath_is_inherited_and_runpath_is_not(void **state)
{
	struct cbx_tree tree;

	(void)state;
	write_library("a/first", (struct library){ .needed = { "second" } });
	write_library("a/second", (struct library){ 0 });
	make(&(struct library){ NULL, { "first" }, "$ORIGIN/a", NULL });
	assert_int_equal(collect(&tree, true), CBX_OK);
	assert_true(holds(&tree, in_folder("a/first")));
	assert_true(holds(&tree, in_folder("a/second")));
	cbx_tree_fini(&tree);
	make(&(struct library){ NULL, { "first" }, NULL, "$ORIGIN/a" });
	assert_int_equal(collect(&tree, true), CBX_E_INVALID);
	assert_non_null(strstr(cbx_error_last()->text, "second"));
	assert_non_null(strstr(cbx_error_last()->text, "a/first"));
	cbx_tree_fini(&tree);
	assert_int_equal(collect(&tree, false), CBX_OK);
	assert_true(holds(&tree, in_folder("a/first")));
	cbx_tree_fini(&tree);
}

static void libraries_that_need_each_other_end(void **state)
{
	struct cbx_tree tree;

	(void)state;
	write_library("a/x", (struct library){ .needed = { "y" } });
	write_library("a/y", (struct library){ .needed = { "x" } });
	make(&(struct library){ NULL, { "x", "y" }, "$ORIGIN/a", NULL });
	assert_int_equal(collect(&tree, true), CBX_OK);
	assert_true(holds(&tree, in_folder("a/x")));
	assert_true(holds(&tree, in_folder("a/y")));
	cbx_tree_fini(&tree);
}

static void links_are_kept_and_followed(void **state)
{
	struct cbx_tree tree = { 0 };
	const struct cbx_path below = { in_folder("a/lib1"),
		in_folder("alias/other") };

	(void)state;
	write_library("a/lib1", (struct library){ 0 });
	assert_int_equal(symlink("a", in_folder("alias")), 0);
	assert_int_equal(symlink("lib1", in_folder("a/link")), 0);
	assert_int_equal(
		cbx_tree_add_real(&tree, in_folder("alias/link")), CBX_OK);
	assert_true(holds(&tree, in_folder("alias")));
	assert_true(holds(&tree, in_folder("a/link")));
	assert_true(holds(&tree, in_folder("a/lib1")));
	assert_int_equal(cbx_tree_add_file(&tree, &below), CBX_OK);
	assert_int_equal(cbx_tree_finish(&tree), CBX_OK);
	assert_true(holds(&tree, in_folder("a/other")));
	assert_false(holds(&tree, in_folder("alias/other")));
	cbx_tree_fini(&tree);
}

static void links_in_a_circle_are_refused(void **state)
{
	struct cbx_tree tree = { 0 };
	const struct cbx_path path = { "/", "/loop" };

	(void)state;
	assert_int_equal(
		cbx_tree_add_link(&tree, &path, strdup("/loop/x")), CBX_OK);
	assert_int_equal(cbx_tree_add_bytes(&tree, "/loop/f", file, 1), CBX_OK);
	assert_int_equal(cbx_tree_finish(&tree), CBX_E_INVALID);
	assert_non_null(strstr(cbx_error_last()->text, "circle"));
	cbx_tree_fini(&tree);
}

static void what_was_found_gives_way_to_what_was_named(void **state)
{
	struct cbx_tree tree = { .automatic = true };
	static const uint8_t other[] = { 1 };

	(void)state;
	assert_int_equal(cbx_tree_add_bytes(&tree, "/f", file, 1), CBX_OK);
	tree.automatic = false;
	assert_int_equal(cbx_tree_add_bytes(&tree, "/f", other, 1), CBX_OK);
	assert_int_equal(cbx_tree_finish(&tree), CBX_OK);
	assert_int_equal(tree.node[tree.count - 1].bytes[0], 1);
	cbx_tree_fini(&tree);
}

static void a_compiled_file_loses_its_sources_time(void **state)
{
	const char *path = in_folder("__pycache__/m.cpython-311.pyc");
	uint8_t bytes[16] = { 'm', 'a', 'g', 'i' };
	struct stat st;

	(void)state;
	write_file("m.py", "x", 1);
	assert_int_equal(stat(in_folder("m.py"), &st), 0);
	for (size_t i = 0; i < 4; i++) {
		bytes[8 + i] = (uint8_t)(st.st_mtime >> (8 * i));
	}
	cbx_pyc_level(path, bytes, 15);
	assert_int_equal(bytes[8], st.st_mtime & 255);
	bytes[8] ^= 1; /* of another source */
	cbx_pyc_level(path, bytes, 16);
	assert_int_not_equal(bytes[11], 0);
	bytes[8] ^= 1;
	cbx_pyc_level(in_folder("m.pyc"), bytes, 16);
	assert_int_not_equal(bytes[11], 0);
	cbx_pyc_level(path, bytes, 16);
	assert_memory_equal(bytes + 8, "\x00\xa6\xce\x12", 4);
	assert_memory_equal(bytes, "magi", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_a_file_needs_is_read),
		cmocka_unit_test(a_file_cut_anywhere_does_no_harm),
		cmocka_unit_test(strings_that_are_none_are_left_out),
		cmocka_unit_test(folders_are_searched_in_order),
		cmocka_unit_test(rpath_is_inherited_and_runpath_is_not),
		cmocka_unit_test(libraries_that_need_each_other_end),
		cmocka_unit_test(links_are_kept_and_followed),
		cmocka_unit_test(links_in_a_circle_are_refused),
		cmocka_unit_test(what_was_found_gives_way_to_what_was_named),
		cmocka_unit_test(a_compiled_file_loses_its_sources_time),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

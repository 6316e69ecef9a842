/* SPDX-License-Identifier: Apache-2.0 */
#include "client/unit.h"

#include <elf.h>

#include <client/elf_file.h>

#define SIZE 8192u

/* A static program with one segment that holds all of the file. */
struct file {
	uint8_t bytes[SIZE];
};

static void make(struct file *file, unsigned int segments)
{
	Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_entry = 0x401000,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (uint16_t)segments,
	};

	memset(file, 0, sizeof(*file));
	memcpy(file->bytes, &header, sizeof(header));
}

static Elf64_Phdr load_all(void)
{
	return (Elf64_Phdr){ .p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_vaddr = 0x400000,
		.p_filesz = SIZE,
		.p_memsz = SIZE };
}

static void put(struct file *file, unsigned int index, Elf64_Phdr segment)
{
	memcpy(file->bytes + sizeof(Elf64_Ehdr) + index * sizeof(segment),
		&segment, sizeof(segment));
}

static bool says(const char *word)
{
	return strstr(cbx_error_last()->text, word) != NULL;
}

static void a_static_program_is_one(void **state)
{
	struct file file;

	(void)state;
	make(&file, 1);
	put(&file, 0, load_all());
	assert_int_equal(cbx_elf_check("x", file.bytes, SIZE), CBX_OK);
}

static void every_shorter_file_is_refused(void **state)
{
	struct file file;

	(void)state;
	make(&file, 1);
	put(&file, 0, load_all());
	for (size_t size = 0; size < SIZE; size++) {
		assert_int_equal(
			cbx_elf_check("x", file.bytes, size), CBX_E_INVALID);
		assert_true(says("x: "));
	}
	assert_true(says("truncated"));
}

static void a_dynamic_program_is_one(void **state)
{
	struct file file;

	(void)state;
	make(&file, 2);
	put(&file, 0, (Elf64_Phdr){ .p_type = PT_INTERP });
	put(&file, 1, load_all());
	assert_int_equal(cbx_elf_check("x", file.bytes, SIZE), CBX_OK);
}

static void other_machines_and_kinds_are_refused(void **state)
{
	struct file file;

	(void)state;
	make(&file, 1);
	put(&file, 0, load_all());
	file.bytes[offsetof(Elf64_Ehdr, e_machine)] = EM_AARCH64;
	assert_int_equal(cbx_elf_check("x", file.bytes, SIZE), CBX_E_INVALID);
	assert_true(says("another machine"));
	make(&file, 1);
	file.bytes[offsetof(Elf64_Ehdr, e_type)] = ET_REL;
	assert_int_equal(cbx_elf_check("x", file.bytes, SIZE), CBX_E_INVALID);
	make(&file, 0);
	assert_int_equal(cbx_elf_check("x", file.bytes, SIZE), CBX_E_INVALID);
	make(&file, 1);
	assert_int_equal(cbx_elf_check("x", file.bytes, SIZE), CBX_E_INVALID);
	assert_true(says("nothing to load"));
}

static void offsets_that_wrap_are_refused(void **state)
{
	Elf64_Phdr segment = load_all();
	struct file file;
	uint64_t far = UINT64_MAX - 8;

	(void)state;
	make(&file, 1);
	segment.p_offset = far;
	put(&file, 0, segment);
	assert_int_equal(cbx_elf_check("x", file.bytes, SIZE), CBX_E_INVALID);
	make(&file, 1);
	memcpy(file.bytes + offsetof(Elf64_Ehdr, e_phoff), &far, sizeof(far));
	assert_int_equal(cbx_elf_check("x", file.bytes, SIZE), CBX_E_INVALID);
}

static void segments_become_pages_with_zeros_around(void **state)
{
	struct cbx_image *image = cbx_image_new();
	Elf64_Phdr text = load_all();
	Elf64_Phdr data = load_all();
	struct file file;
	uint64_t entry = 0;

	(void)state;
	assert_non_null(image);
	make(&file, 2);
	file.bytes[4096 + 16] = 0xab;
	text.p_filesz = 4096;
	text.p_memsz = 4096;
	put(&file, 0, text);
	data.p_flags = PF_R | PF_W;
	data.p_vaddr = 0x500010;
	data.p_offset = 4096 + 16;
	data.p_filesz = 16;
	data.p_memsz = 3 * 4096;
	put(&file, 1, data);
	assert_int_equal(
		cbx_elf_append(image, file.bytes, SIZE, &entry), CBX_OK);
	assert_int_equal(entry, 0x401000);
	assert_int_equal(image->segment_count, 2);
	assert_int_equal(image->segment[1].va, 0x500000);
	assert_int_equal(image->segment[1].page_count, 4);
	assert_int_equal(image->segment[1].byte_count, 32);
	assert_int_equal(image->segment[1].bytes[15], 0);
	assert_int_equal(image->segment[1].bytes[16], 0xab);
	assert_int_equal(image->segment[1].rights, CBX_RIGHT_R | CBX_RIGHT_W);
	cbx_image_destroy(image);
}

static void writable_code_is_refused(void **state)
{
	struct cbx_image *image = cbx_image_new();
	Elf64_Phdr segment = load_all();
	struct file file;
	uint64_t entry;

	(void)state;
	assert_non_null(image);
	make(&file, 1);
	segment.p_flags = PF_R | PF_W | PF_X;
	put(&file, 0, segment);
	assert_int_equal(
		cbx_elf_append(image, file.bytes, SIZE, &entry), CBX_E_INVALID);
	segment.p_flags = PF_R;
	segment.p_memsz = UINT64_MAX;
	put(&file, 0, segment);
	assert_int_equal(
		cbx_elf_append(image, file.bytes, SIZE, &entry), CBX_E_INVALID);
	cbx_image_destroy(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_static_program_is_one),
		cmocka_unit_test(every_shorter_file_is_refused),
		cmocka_unit_test(a_dynamic_program_is_one),
		cmocka_unit_test(other_machines_and_kinds_are_refused),
		cmocka_unit_test(offsets_that_wrap_are_refused),
		cmocka_unit_test(segments_become_pages_with_zeros_around),
		cmocka_unit_test(writable_code_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <client/archive.h>
#include <client/error.h>
#include <client/tree_node.h>
#include <client/ustar.h>
#include <runtime/contents.h>
#include "../support/tar.h"

static char folder[] = "/tmp/test_client_tree.XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
	char path[128];

	(void)state;
	if (mkdtemp(folder) == NULL) {
		return -1;
	}
	(void)snprintf(path, sizeof(path), "%s/sub", folder);
	if (mkdir(path, 0700) != 0) {
		return -1;
	}
	write_file("b", "bee\n");
	write_file("sub/a", "ay\n");
	(void)snprintf(path, sizeof(path), "%s/link", folder);
	return symlink("sub/a", path);
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void paths_are_cleaned(void **state)
{
	static const char *const cases[][2] = {
		{ "/", "/" },
		{ "//a///b/", "/a/b" },
		{ "/a/./b/../c", "/a/c" },
		{ "/../..", "/" },
		{ "/a/b/../../..", "/" },
		{ "/...", "/..." },
		{ "/.a/..b", "/.a/..b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *clean;

		assert_int_equal(cbx_path_clean(cases[i][0], &clean), CBX_OK);
		assert_string_equal(clean, cases[i][1]);
		free(clean);
	}
}

static void relative_paths_begin_where_we_are(void **state)
{
	char *cwd = getcwd(NULL, 0);
	char *clean;

	(void)state;
	assert_non_null(cwd);
	assert_int_equal(chdir("/usr"), 0);
	assert_int_equal(cbx_path_clean("../bin/./x", &clean), CBX_OK);
	assert_string_equal(clean, "/bin/x");
	free(clean);
	assert_int_equal(chdir(cwd), 0);
	assert_int_equal(cbx_path_clean("", &clean), CBX_E_INVALID);
	free(cwd);
}

static struct cbx_tree whole_folder(const char *box)
{
	struct cbx_tree tree = { 0 };
	struct cbx_path path = { folder, box };

	assert_int_equal(cbx_tree_add_directory(&tree, &path), CBX_OK);
	assert_int_equal(cbx_tree_finish(&tree), CBX_OK);
	return tree;
}

static void a_directory_comes_sorted_with_its_parents(void **state)
{
	static const char *const names[] = { "/x", "/x/y", "/x/y/b",
		"/x/y/link", "/x/y/sub", "/x/y/sub/a" };
	struct cbx_tree tree = whole_folder("/x/y");

	(void)state;
	assert_int_equal(tree.count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(tree.node[i].box, names[i]);
	}
	assert_int_equal(tree.node[3].kind, CBX_NODE_LINK);
	assert_string_equal(tree.node[3].target, "sub/a");
	assert_int_equal(tree.node[4].mode, 0700);
	cbx_tree_fini(&tree);
}

static void the_root_of_the_box_can_be_given(void **state)
{
	struct cbx_tree tree = whole_folder("/");

	(void)state;
	assert_int_equal(tree.count, 4);
	assert_string_equal(tree.node[0].box, "/b");
	cbx_tree_fini(&tree);
}

static void one_name_for_two_files_is_refused(void **state)
{
	struct cbx_tree tree = { 0 };
	char b[128];
	char a[128];
	struct cbx_path first = { b, "/f" };
	struct cbx_path second = { a, "/f" };

	(void)state;
	(void)snprintf(b, sizeof(b), "%s/b", folder);
	(void)snprintf(a, sizeof(a), "%s/sub/a", folder);
	assert_int_equal(cbx_tree_add_file(&tree, &first), CBX_OK);
	assert_int_equal(cbx_tree_add_file(&tree, &second), CBX_OK);
	assert_int_equal(cbx_tree_finish(&tree), CBX_E_INVALID);
	assert_non_null(strstr(cbx_error_last()->text, "/f: two"));
	cbx_tree_fini(&tree);
}

static void one_file_named_twice_is_one(void **state)
{
	struct cbx_tree tree = { 0 };
	char b[128];
	char dotted[128];
	struct cbx_path first = { b, "/f" };
	struct cbx_path second = { dotted, "/f" };

	(void)state;
	(void)snprintf(b, sizeof(b), "%s/b", folder);
	(void)snprintf(dotted, sizeof(dotted), "%s/./b", folder);
	assert_int_equal(cbx_tree_add_file(&tree, &first), CBX_OK);
	assert_int_equal(cbx_tree_add_file(&tree, &second), CBX_OK);
	assert_int_equal(cbx_tree_finish(&tree), CBX_OK);
	assert_int_equal(tree.count, 1);
	cbx_tree_fini(&tree);
}

static void a_file_below_a_file_is_refused(void **state)
{
	struct cbx_tree tree = { 0 };
	char b[128];
	struct cbx_path first = { b, "/f" };
	struct cbx_path second = { b, "/f/g" };

	(void)state;
	(void)snprintf(b, sizeof(b), "%s/b", folder);
	assert_int_equal(cbx_tree_add_file(&tree, &first), CBX_OK);
	assert_int_equal(cbx_tree_add_file(&tree, &second), CBX_OK);
	assert_int_equal(cbx_tree_finish(&tree), CBX_E_INVALID);
	cbx_tree_fini(&tree);
}

static void what_cannot_go_in_is_named(void **state)
{
	static const struct cbx_path bad[] = { { "/nonexistent", NULL },
		{ "/tmp", NULL }, { "/dev/null", NULL },
		{ "/etc/hostname", "relative" } };
	struct cbx_tree tree = { 0 };
	struct cbx_path devices = { "/dev/full", "/x" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
			cbx_tree_add_file(&tree, &bad[i]), CBX_E_INVALID);
	}
	assert_int_equal(tree.count, 0);
	assert_int_equal(
		cbx_tree_add_directory(&tree, &devices), CBX_E_INVALID);
	assert_int_equal(cbx_error_last()->os_error, ENOTDIR);
	cbx_tree_fini(&tree);
}

/* What tar(1) makes of the archive. */
static void tar_reads_the_archive(void **state)
{
	struct cbx_tree tree = whole_folder("/x");
	struct cbx_archive archive;
	char command[256];
	char line[256];
	char path[128];
	FILE *file;

	(void)state;
	assert_int_equal(cbx_archive_pack(&tree, &archive), CBX_OK);
	(void)snprintf(path, sizeof(path), "%s/b.tar", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(
		fwrite(archive.bytes, 1, archive.size, file), archive.size);
	assert_int_equal(fclose(file), 0);
	(void)snprintf(command, sizeof(command),
		"tar --numeric-owner -tvf '%s' --utc | tr -s ' ' | tail -n 1",
		path);
	file = popen(command, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(
		line, "-rw-r--r-- 0/0 3 1980-01-01 00:00 x/sub/a\n");
	assert_int_equal(pclose(file), 0);
	assert_int_equal(unlink(path), 0);
	free(archive.bytes);
	cbx_tree_fini(&tree);
}

static void packing_twice_gives_the_same_bytes(void **state)
{
	struct cbx_tree tree = whole_folder("/x");
	struct cbx_archive a;
	struct cbx_archive b;

	(void)state;
	assert_int_equal(cbx_archive_pack(&tree, &a), CBX_OK);
	assert_int_equal(cbx_archive_pack(&tree, &b), CBX_OK);
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.bytes, b.bytes, a.size);
	free(a.bytes);
	free(b.bytes);
	cbx_tree_fini(&tree);
}

/* A list's full name of member i. */
static void name_of(
	const struct cbx_list *list, uint64_t i, char *path, size_t room)
{
	const struct cbx_member *member = &list->member[i];
	size_t used;

	path[0] = '\0';
	if (member->parent != 0) {
		name_of(list, member->parent - 1, path, room);
	}
	used = strlen(path);
	(void)snprintf(path + used, room - used, "%s%s", used == 0 ? "" : "/",
		list->string + member->name);
}

static void assert_same(const struct cbx_list *list, uint64_t i,
	const struct cbx_tar_entry *entry, const struct cbx_archive *archive)
{
	const struct cbx_member *member = &list->member[i];
	char path[CBX_TAR_PATH + 1];

	name_of(list, i, path, sizeof(path));
	assert_string_equal(path, entry->path);
	assert_int_equal(member->mode & CBX_MEMBER_RIGHTS, entry->mode);
	switch (entry->kind) {
	case CBX_TAR_FILE:
		assert_int_equal(
			member->mode & CBX_MEMBER_TYPE, CBX_MEMBER_FILE);
		assert_int_equal(member->offset, entry->bytes - archive->bytes);
		assert_int_equal(member->size, entry->size);
		break;
	case CBX_TAR_DIRECTORY:
		assert_int_equal(
			member->mode & CBX_MEMBER_TYPE, CBX_MEMBER_DIRECTORY);
		break;
	case CBX_TAR_SYMLINK:
		assert_int_equal(
			member->mode & CBX_MEMBER_TYPE, CBX_MEMBER_LINK);
		assert_string_equal(list->string + member->offset, entry->link);
		assert_int_equal(member->size, strlen(entry->link));
		break;
	case CBX_TAR_HARDLINK:
	default:
		fail_msg("%s: a hard link", path);
	}
	assert_int_equal(list->head->seconds, entry->mtime);
}

/* Siblings whose names sort between a directory and what lies in it. */
static struct cbx_tree tree_of_many_kinds(void)
{
	static const uint8_t content[CBX_USTAR_ALIGNED_FROM + 5] = { 7 };
	static const char *const names[] = { "/a/b/c", "/a-b", "/a.d/x",
		"/a/b-", "/empty", "/zz/large" };
	const struct cbx_path link = { "/", "/a/link" };
	struct cbx_tree tree = whole_folder("/x");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(cbx_tree_add_bytes(&tree, names[i], content,
					 i < 4	  ? i * 700 + 1
					 : i == 4 ? 0
						  : sizeof(content)),
			CBX_OK);
	}
	assert_int_equal(
		cbx_tree_add_link(&tree, &link, strdup("b/c")), CBX_OK);
	assert_int_equal(cbx_tree_finish(&tree), CBX_OK);
	return tree;
}

static void the_list_says_what_the_archive_has(void **state)
{
	static struct cbx_tar_entry entry;
	struct cbx_tree tree = tree_of_many_kinds();
	struct cbx_archive archive;
	struct cbx_list list;
	uint64_t offset = 0;
	uint64_t i = 0;

	(void)state;
	assert_int_equal(cbx_archive_pack_listed(&tree, &archive), CBX_OK);
	assert_int_equal(cbx_archive_bytes(&archive),
		(archive.size + 4095) / 4096 * 4096 + archive.list_bytes);
	assert_true(
		cbx_contents_open(archive.bytes + cbx_archive_bytes(&archive) -
					  archive.list_bytes,
			archive.list_bytes, &list));
	while (cbx_tar_read(archive.bytes, archive.size, &offset, &entry) ==
		CBX_TAR_NEXT) {
		assert_true(i < list.head->members);
		assert_true(cbx_contents_valid(&list, i, archive.size));
		assert_same(&list, i, &entry, &archive);
		i++;
	}
	assert_int_equal(i, list.head->members);
	assert_true(i > 12);
	free(archive.bytes);
	cbx_tree_fini(&tree);
}

static enum cbx_status pack_name(const char *name, struct cbx_archive *archive)
{
	struct cbx_tree tree = { 0 };
	enum cbx_status status;

	assert_int_equal(
		cbx_tree_add_bytes(&tree, name, (const uint8_t *)"x", 1),
		CBX_OK);
	status = cbx_archive_pack(&tree, archive);
	cbx_tree_fini(&tree);
	return status;
}

/* The name and prefix of the first header, joined. */
static void assert_name(const struct cbx_archive *archive, const char *name)
{
	char joined[300];
	const char *bytes = (const char *)archive->bytes;

	(void)snprintf(joined, sizeof(joined), "/%.155s%s%.100s", bytes + 345,
		bytes[345] != '\0' ? "/" : "", bytes);
	assert_string_equal(joined, name);
}

static void long_names_are_split_at_a_slash(void **state)
{
	static const unsigned int fits[][2] = { { 1, 98 }, { 50, 100 },
		{ 100, 100 }, { 155, 100 }, { 154, 1 } };
	struct cbx_archive archive;
	char name[300];

	(void)state;
	for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
		memset(name, 'n', sizeof(name));
		name[0] = '/';
		name[fits[i][0] + 1] = '/';
		name[fits[i][0] + fits[i][1] + 2] = '\0';
		assert_int_equal(pack_name(name, &archive), CBX_OK);
		assert_name(&archive, name);
		free(archive.bytes);
	}
}

/* Read an archive of one member back as a box does. */
static void assert_member(const struct cbx_archive *archive, const char *path,
	const char *link, size_t size)
{
	static struct cbx_tar_entry entry;
	uint64_t offset = 0;

	assert_int_equal(
		cbx_tar_read(archive->bytes, archive->size, &offset, &entry),
		CBX_TAR_NEXT);
	assert_string_equal(entry.path, path);
	assert_int_equal(entry.size, size);
	if (link != NULL) {
		assert_string_equal(entry.link, link);
	}
	if (size >= CBX_USTAR_ALIGNED_FROM) {
		assert_int_equal((entry.bytes - archive->bytes) % 4096, 0);
	}
	assert_int_equal(
		cbx_tar_read(archive->bytes, archive->size, &offset, &entry),
		CBX_TAR_END);
}

static void assert_too_long(const char *name)
{
	assert_int_equal(
		pack_name(name, &(struct cbx_archive){ 0 }), CBX_E_INVALID);
	assert_non_null(strstr(cbx_error_last()->text, "too long"));
}

static void names_of_every_length_are_read_back(void **state)
{
	char name[4200];

	(void)state;
	for (size_t length = 2; length <= 4096; length++) {
		struct cbx_archive archive;

		memset(name, 'n', sizeof(name));
		for (size_t at = 0; at < length - 1; at += 200) {
			name[at] = '/';
		}
		name[length] = '\0';
		assert_int_equal(pack_name(name, &archive), CBX_OK);
		assert_member(&archive, name + 1, NULL, 1);
		free(archive.bytes);
	}
	name[4096] = 'n';
	name[4097] = '\0';
	assert_too_long(name);
	memset(name, 'n', 300);
	name[0] = '/';
	name[257] = '\0';
	assert_too_long(name);
}

static void targets_of_every_length_are_read_back(void **state)
{
	(void)state;
	for (size_t length = 1; length <= 4095; length += 7) {
		const struct cbx_path path = { "/", "/link" };
		struct cbx_tree tree = { 0 };
		struct cbx_archive archive;
		char *target = calloc(1, length + 1);

		assert_non_null(target);
		memset(target, 't', length);
		for (size_t at = 100; at < length; at += 100) {
			target[at] = '/';
		}
		assert_int_equal(
			cbx_tree_add_link(&tree, &path, target), CBX_OK);
		assert_int_equal(cbx_archive_pack(&tree, &archive), CBX_OK);
		assert_member(&archive, "link", target, 0);
		free(archive.bytes);
		cbx_tree_fini(&tree);
	}
}

static void larger_content_begins_with_a_page(void **state)
{
	static const uint8_t content[CBX_USTAR_ALIGNED_FROM] = { 7 };
	char name[700];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[0] = '/';
	name[200] = '/';
	name[400] = '/';
	for (size_t length = 600; length > 1; length -= 2) {
		struct cbx_tree tree = { 0 };
		struct cbx_archive archive;

		name[length] = '\0';
		assert_int_equal(cbx_tree_add_bytes(
					 &tree, name, content, sizeof(content)),
			CBX_OK);
		assert_int_equal(cbx_archive_pack(&tree, &archive), CBX_OK);
		assert_member(&archive, name + 1, NULL, sizeof(content));
		free(archive.bytes);
		cbx_tree_fini(&tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_cleaned),
		cmocka_unit_test(relative_paths_begin_where_we_are),
		cmocka_unit_test(a_directory_comes_sorted_with_its_parents),
		cmocka_unit_test(the_root_of_the_box_can_be_given),
		cmocka_unit_test(one_name_for_two_files_is_refused),
		cmocka_unit_test(one_file_named_twice_is_one),
		cmocka_unit_test(a_file_below_a_file_is_refused),
		cmocka_unit_test(what_cannot_go_in_is_named),
		cmocka_unit_test(tar_reads_the_archive),
		cmocka_unit_test(packing_twice_gives_the_same_bytes),
		cmocka_unit_test(the_list_says_what_the_archive_has),
		cmocka_unit_test(long_names_are_split_at_a_slash),
		cmocka_unit_test(names_of_every_length_are_read_back),
		cmocka_unit_test(targets_of_every_length_are_read_back),
		cmocka_unit_test(larger_content_begins_with_a_page),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/verify_policy.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tools/say.h>

#define MESSAGE_BYTES 256

/* Read a file the policy names; a relative name is beside the policy. */
static int add_root(struct cbx_verify_line *line, const char *name)
{
	const char *slash = strrchr(line->policy_path, '/');
	char *path = NULL;
	int folder = slash == NULL || name[0] == '/'
			     ? 0
			     : (int)(slash - line->policy_path) + 1;
	int code = CBX_VERIFY_UNREAD;

	if (asprintf(&path, "%.*s%s", folder, line->policy_path, name) < 0) {
		cbx_say("%s: out of memory; free memory", name);
		return code;
	}
	code = cbx_verify_files_add(
		&line->roots, CBX_VERIFY_ROOTS_MOST, "root", path);
	free(path);
	return code;
}

static int read_policy(
	struct cbx_verify_policy *policy, struct cbx_verify_line *line)
{
	char message[MESSAGE_BYTES];
	const char *root;
	int code = 0;

	policy->file = cbx_appraisal_read(
		line->policy.span[0], message, sizeof(message));
	if (policy->file == NULL) {
		cbx_say("%s: %s", line->policy_path, message);
		return CBX_VERIFY_UNREAD;
	}
	policy->appraisal = *policy->file;
	for (size_t i = 0; code == 0; i++) {
		root = cbx_appraisal_root_file(policy->file, i);
		if (root == NULL) {
			break;
		}
		code = add_root(line, root);
	}
	return code;
}

int cbx_verify_policy_read(
	struct cbx_verify_policy *policy, struct cbx_verify_line *line)
{
	int code = 0;

	*policy = (struct cbx_verify_policy){
		.appraisal = { .size = sizeof(policy->appraisal) },
	};
	if (line->policy.count != 0) {
		code = read_policy(policy, line);
	}
	policy->appraisal.flags |= line->flags;
	policy->appraisal.now = line->now;
	policy->appraisal.nonce =
		(struct cbx_span){ line->nonce, line->nonce_size };
	policy->appraisal.roots = line->roots.span;
	policy->appraisal.root_count = line->roots.count;
	return code;
}

void cbx_verify_policy_finish(struct cbx_verify_policy *policy)
{
	cbx_appraisal_destroy(policy->file);
	policy->file = NULL;
}

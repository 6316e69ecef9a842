/* SPDX-License-Identifier: Apache-2.0 */
/* What confbox-seal(1) does. */
#include <seal/tool.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cbx_seal_options options_of(const struct tool *tool)
{
	return (struct cbx_seal_options){ .size = sizeof(
						  struct cbx_seal_options),
		.selector = tool->selector,
		.security_version = tool->version,
		.context = tool->context,
		.context_bytes =
			tool->context == NULL ? 0 : strlen(tool->context),
		.root = tool->rooted ? tool->root : NULL };
}

/* ---- the root ---- */

static int ask_root(struct cbx_seal_key *key)
{
	const struct cbx_seal_want want = { .selector = CBX_SEAL_ROOT };
	enum cbx_seal_result result = cbx_seal_key(&want, key);

	return result == CBX_SEAL_OK ? 0 : tool_refuse("root", result);
}

/* Before anything is changed: there is a root, and it is the one. */
static int check_root(const struct tool *tool)
{
	struct cbx_seal_key key;
	int code = ask_root(&key);

	if (code != 0) {
		return code;
	}
	if (tool->rooted) {
		return memcmp(key.key, tool->root, sizeof(key.key)) == 0
			       ? 0
			       : tool_refuse("root", CBX_SEAL_E_ROOT);
	}
	if (key.root == CBX_ROOT_RELEASED) {
		(void)tool_say(0,
			"root: released by nobody knows whom; name it with "
			"--root");
	}
	return 0;
}

int tool_root(const struct tool *tool)
{
	struct cbx_seal_key key;
	char text[2 * sizeof(key.key) + 2] = "";
	int code = ask_root(&key);

	(void)tool;
	for (size_t i = 0; code == 0 && i < sizeof(key.key); i++) {
		(void)sprintf(text + 2 * i, "%02x\n", key.key[i]);
	}
	return code == 0 ? tool_write(text, sizeof(text) - 1) : code;
}

/* ---- opening ---- */

/* Open bytes by options. */
static int open_bytes(const struct cbx_seal_options *options,
	const struct tool_bytes *blob, const char *name,
	struct tool_bytes *data)
{
	enum cbx_seal_result result;

	*data = (struct tool_bytes){ 0 };
	if (blob->size < CBX_SEAL_MORE) {
		return tool_refuse(name, CBX_SEAL_E_SIZE);
	}
	data->size = blob->size - CBX_SEAL_MORE;
	data->at = calloc(1, data->size + 1);
	if (data->at == NULL) {
		return tool_refuse(name, CBX_SEAL_E_NOMEM);
	}
	result = cbx_unseal(options, blob->at, blob->size, data->at);
	if (result != CBX_SEAL_OK) {
		tool_drop(data);
		return tool_refuse(name, result);
	}
	return 0;
}

/* Open, after asking the blob's counter where it is. */
static int open_counted(const struct tool *tool, const struct tool_bytes *blob,
	const char *name, struct tool_bytes *data)
{
	struct cbx_seal_options options = options_of(tool);
	struct cbx_counter_value now = { 0 };
	struct cbx_seal_header header;
	enum cbx_seal_result result =
		cbx_seal_look(blob->at, blob->size, &header);

	if (result != CBX_SEAL_OK) {
		return tool_refuse(name, result);
	}
	if ((header.flags & CBX_SEAL_COUNTED) == 0 || tool->uncounted) {
		options.flags = tool->uncounted ? CBX_UNSEAL_UNCOUNTED : 0;
		if (tool->counted) {
			return tool_refuse(name, CBX_SEAL_E_UNEXPECTED);
		}
		(void)tool_say(
			0, "%s: no counter: rollback is not detected", name);
		return open_bytes(&options, blob, name, data);
	}
	if (tool->counted && memcmp(&tool->counter, &header.counter.id,
				     sizeof(tool->counter)) != 0) {
		return tool_refuse(name, CBX_SEAL_E_UNEXPECTED);
	}
	result = cbx_counter_read(NULL, &header.counter.id, &now);
	if (result != CBX_SEAL_OK) {
		return tool_refuse("counter", result);
	}
	options.counter = &now;
	return open_bytes(&options, blob, name, data);
}

int tool_open(const struct tool *tool)
{
	struct tool_bytes blob;
	struct tool_bytes data = { 0 };
	int code = check_root(tool);

	if (code == 0) {
		code = tool_read(NULL, &blob);
	}
	if (code == 0) {
		code = open_counted(tool, &blob, "standard input", &data);
		tool_drop(&blob);
	}
	if (code == 0) {
		code = tool_write(data.at, data.size);
		tool_drop(&data);
	}
	return code;
}

/* ---- counting ---- */

/* The counter of an authentic blob, and where it was. */
static int value_of(const struct tool *tool, const char *path,
	struct cbx_counter_value *value)
{
	struct cbx_seal_options options = options_of(tool);
	struct cbx_seal_header header;
	struct tool_bytes blob;
	struct tool_bytes data;
	int code = tool_read(path, &blob);

	if (code != 0) {
		return code;
	}
	options.selector = 0;
	options.security_version = 0;
	options.flags = CBX_UNSEAL_UNCOUNTED;
	code = open_bytes(&options, &blob, path, &data);
	if (code == 0) {
		tool_drop(&data);
		if (cbx_seal_look(blob.at, blob.size, &header) != CBX_SEAL_OK ||
			(header.flags & CBX_SEAL_COUNTED) == 0) {
			code = tool_say(TOOL_REFUSED,
				"%s: it has no counter; begin with --counter",
				path);
		} else {
			*value = header.counter;
		}
	}
	tool_drop(&blob);
	return code;
}

static int advance(struct cbx_counter_value *value)
{
	enum cbx_seal_result result = cbx_counter_advance(NULL, value);

	return result == CBX_SEAL_E_MOVED
		       ? tool_say(TOOL_REFUSED,
				 "counter: it is at %" PRIu64
				 "; open the blob of that value, and seal "
				 "--after it",
				 value->value)
	       : result != CBX_SEAL_OK ? tool_refuse("counter", result)
				       : 0;
}

int tool_advance(const struct tool *tool)
{
	struct cbx_counter_value value;
	int code = check_root(tool);

	if (code == 0) {
		code = value_of(tool, tool->after, &value);
	}
	return code == 0 ? advance(&value) : code;
}

/* What the next blob is bound to; *counted: whether to anything. */
static int next_value(
	const struct tool *tool, struct cbx_counter_value *value, bool *counted)
{
	int code;

	*counted = true;
	if (tool->counted) {
		*value = (struct cbx_counter_value){ .id = tool->counter };
		return advance(value);
	}
	if (tool->after != NULL) {
		code = value_of(tool, tool->after, value);
		return code == 0 ? advance(value) : code;
	}
	if (tool->ahead != NULL) {
		code = value_of(tool, tool->ahead, value);
		value->value += code == 0 ? 1 : 0;
		return code;
	}
	*counted = false;
	return 0;
}

/* ---- sealing ---- */

static int write_blob(
	const struct cbx_seal_options *options, const struct tool_bytes *data)
{
	uint8_t *blob = malloc(data->size + CBX_SEAL_MORE);
	enum cbx_seal_result result;
	int code;

	if (blob == NULL) {
		return tool_refuse("standard input", CBX_SEAL_E_NOMEM);
	}
	result = cbx_seal(options, data->at, data->size, blob);
	code = result == CBX_SEAL_OK
		       ? tool_write(blob, data->size + CBX_SEAL_MORE)
		       : tool_refuse("standard input", result);
	free(blob);
	return code;
}

int tool_seal(const struct tool *tool)
{
	struct cbx_seal_options options = options_of(tool);
	struct cbx_counter_value value = { 0 };
	struct tool_bytes data;
	bool counted = false;
	int code = tool_read(NULL, &data);

	if (code != 0) {
		return code;
	}
	code = check_root(tool);
	if (code == 0) {
		code = next_value(tool, &value, &counted);
	}
	if (code == 0) {
		options.selector =
			tool->selector == 0 ? CBX_SEAL_EXACT : tool->selector;
		options.counter = counted ? &value : NULL;
		code = write_blob(&options, &data);
	}
	tool_drop(&data);
	return code;
}

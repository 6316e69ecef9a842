/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/policy_rule.h>

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <tools/number.h>

/* Text is kept once. @return where, or CBX_POLICY_TEXT when it is full */
static size_t put_text(struct cbx_policy *policy, const char *name)
{
	size_t length = strlen(name);
	size_t used = strnlen(policy->text, sizeof(policy->text));
	const char *known = memmem(policy->text, used, name, length);

	if (known != NULL) {
		return (size_t)(known - policy->text);
	}
	if (length > sizeof(policy->text) - used) {
		return CBX_POLICY_TEXT;
	}
	memcpy(policy->text + used, name, length);
	return used;
}

static struct cbx_rule *new_rule(struct cbx_policy *policy, uint32_t call)
{
	struct cbx_rule *rule;

	if (policy->rule_count == CBX_POLICY_RULES) {
		return NULL;
	}
	rule = &policy->rule[policy->rule_count++];
	rule->call = call;
	return rule;
}

static bool name_rule(
	struct cbx_policy *policy, struct cbx_rule *rule, const char *name)
{
	size_t text = put_text(policy, name);

	if (text == CBX_POLICY_TEXT) {
		return false;
	}
	rule->text = (uint16_t)text;
	rule->text_bytes = (uint16_t)strlen(name);
	return true;
}

const char *cbx_policy_name_wrong(const char *name)
{
	size_t length = strlen(name);
	const char *at = name;

	if (name[0] != '/') {
		return "does not begin with /; write an absolute path";
	}
	if (length == 1) {
		return "is everything; list the directories that are needed";
	}
	if (length > CBX_NAME_MAX) {
		return "is too long; 512 bytes are the most";
	}
	while (*at != '\0') {
		size_t part = strcspn(++at, "/");

		if (part == 0 ||
			(part <= 2 && at[0] == '.' && at[part - 1] == '.')) {
			return "has an empty part, . or ..; write it without";
		}
		at += part;
	}
	return NULL;
}

bool cbx_policy_add_open(
	struct cbx_policy *policy, const char *name, uint64_t flags)
{
	struct cbx_rule *open = new_rule(policy, CBX_FORWARD_OPEN);
	struct cbx_rule *stat = new_rule(policy, CBX_FORWARD_STAT);

	if (open == NULL || stat == NULL) {
		return false;
	}
	open->mask[0] = ~(flags | O_DIRECTORY | O_NOFOLLOW);
	return name_rule(policy, open, name) && name_rule(policy, stat, name);
}

bool cbx_policy_add_peer(struct cbx_policy *policy, uint32_t call,
	const struct cbx_policy_peer *peer)
{
	struct cbx_rule *rule = new_rule(policy, call);

	if (rule == NULL) {
		return false;
	}
	memcpy(rule->mask, peer->mask, sizeof(rule->mask));
	memcpy(rule->value, peer->value, sizeof(rule->value));
	return true;
}

bool cbx_policy_add_call(struct cbx_policy *policy, uint32_t call)
{
	return new_rule(policy, call) != NULL;
}

bool cbx_policy_add_rest(struct cbx_policy *policy)
{
	static const uint32_t rest[] = { CBX_FORWARD_ACCEPT, CBX_FORWARD_CLOSE,
		CBX_FORWARD_READ, CBX_FORWARD_WRITE, CBX_FORWARD_LIST,
		CBX_FORWARD_POLL, CBX_FORWARD_SHUTDOWN, CBX_FORWARD_QUERY,
		CBX_FORWARD_RESIZE, CBX_FORWARD_WAKE };

	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
		if (new_rule(policy, rest[i]) == NULL) {
			return false;
		}
	}
	return true;
}

/* A number of decimal digits up to @p most. */
static bool read_number(const char *text, uint64_t most, uint64_t *number)
{
	char *end;

	if (text[0] < '0' || text[0] > '9') {
		return false;
	}
	errno = 0;
	*number = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0 && *number <= most;
}

static bool read_port(const char *text, struct cbx_policy_peer *peer)
{
	if (strcmp(text, "*") == 0) {
		return true;
	}
	peer->mask[0] = UINT64_MAX;
	return read_number(text, UINT16_MAX, &peer->value[0]);
}

/* The first @p bits of an IPv6 address count. */
static void set_mask(struct cbx_policy_peer *peer, uint64_t bits)
{
	uint64_t high = bits > 64 ? 64 : bits;
	uint64_t low = bits > 64 ? bits - 64 : 0;

	peer->mask[1] = high == 0 ? 0 : UINT64_MAX << (64 - high);
	peer->mask[2] = low == 0 ? 0 : UINT64_MAX << (64 - low);
	peer->value[1] &= peer->mask[1];
	peer->value[2] &= peer->mask[2];
}

static bool read_address(char *text, bool v6, struct cbx_policy_peer *peer)
{
	uint64_t width = v6 ? 128 : 32;
	uint64_t bits = width;
	char *slash = strchr(text, '/');
	uint64_t half[2];
	struct in_addr v4;

	if (slash != NULL) {
		*slash = '\0';
		if (!read_number(slash + 1, width, &bits)) {
			return false;
		}
	}
	if (v6 ? inet_pton(AF_INET6, text, half) != 1
	       : inet_pton(AF_INET, text, &v4) != 1) {
		return false;
	}
	peer->value[1] = v6 ? be64toh(half[0]) : 0;
	peer->value[2] =
		v6 ? be64toh(half[1]) : 0xffffull << 32 | ntohl(v4.s_addr);
	set_mask(peer, bits + 128 - width);
	return true;
}

bool cbx_policy_peer_read(const char *text, struct cbx_policy_peer *peer)
{
	char copy[96];
	char *port;
	size_t end = strlen(text);

	*peer = (struct cbx_policy_peer){ 0 };
	if (end >= sizeof(copy)) {
		return false;
	}
	memcpy(copy, text, end + 1);
	port = strrchr(copy, ':');
	if (port == NULL || !read_port(port + 1, peer)) {
		return false;
	}
	*port = '\0';
	end = strlen(copy);
	if (strcmp(copy, "*") == 0) {
		return true;
	}
	if (copy[0] == '[' && end > 2 && copy[end - 1] == ']') {
		copy[end - 1] = '\0';
		return read_address(copy + 1, true, peer);
	}
	return read_address(copy, false, peer);
}

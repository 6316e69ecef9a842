/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/number.h>

#include <string.h>
#include <time.h>

#include <confbox/abi.h>

#define NS_A_SECOND 1000000000ull

/* Digits at *text, which moves past them. */
static bool read_digits(const char **text, uint64_t *value)
{
	const char *at = *text;
	uint64_t sum = 0;

	while (*at >= '0' && *at <= '9') {
		uint64_t digit = (uint64_t)(*at - '0');

		if (sum > (UINT64_MAX - digit) / 10) {
			return false;
		}
		sum = sum * 10 + digit;
		at++;
	}
	if (at == *text) {
		return false;
	}
	*text = at;
	*value = sum;
	return true;
}

static unsigned int shift_of(char unit)
{
	const char *units = "KMGT";
	const char *at = unit != '\0' ? strchr(units, unit & ~0x20) : NULL;

	return at == NULL ? 0 : (unsigned int)(at - units + 1) * 10;
}

bool cbx_number_size(const char *text, uint64_t *bytes)
{
	uint64_t value;
	unsigned int shift;

	if (!read_digits(&text, &value)) {
		return false;
	}
	shift = shift_of(*text);
	if (shift != 0) {
		text++;
	}
	if (*text != '\0' || value > UINT64_MAX >> shift) {
		return false;
	}
	*bytes = value << shift;
	return true;
}

static bool read_decimals(const char *text, uint64_t *ns)
{
	uint64_t unit = NS_A_SECOND;

	*ns = 0;
	while (*text >= '0' && *text <= '9' && unit > 1) {
		unit /= 10;
		*ns += (uint64_t)(*text - '0') * unit;
		text++;
	}
	return *text == '\0' && unit < NS_A_SECOND;
}

bool cbx_number_seconds(const char *text, uint64_t *ns)
{
	uint64_t seconds;
	uint64_t part = 0;

	if (!read_digits(&text, &seconds) ||
		seconds >= UINT64_MAX / NS_A_SECOND) {
		return false;
	}
	if (*text == '.' && !read_decimals(text + 1, &part)) {
		return false;
	}
	if (*text != '.' && *text != '\0') {
		return false;
	}
	*ns = seconds * NS_A_SECOND + part;
	return *ns != 0;
}

bool cbx_number_epoch(const char *text, uint64_t *ns)
{
	struct timespec now;

	if (strcmp(text, "now") != 0) {
		return cbx_number_seconds(text, ns);
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	*ns = (uint64_t)now.tv_sec * NS_A_SECOND + (uint64_t)now.tv_nsec;
	return true;
}

uint64_t cbx_number_feature(const char *word, size_t length)
{
	static const struct {
		const char *name;
		uint64_t feature;
	} known[] = {
		{ "basic", CBX_FEATURE_BASIC },
		{ "avx", CBX_FEATURE_AVX },
		{ "avx512", CBX_FEATURE_AVX512 },
		{ "counter", CBX_FEATURE_COUNTER },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) == length &&
			strncmp(known[i].name, word, length) == 0) {
			return known[i].feature;
		}
	}
	return 0;
}

bool cbx_number_count(const char *text, uint32_t most, uint32_t *count)
{
	uint32_t number = 0;

	for (const char *c = text; *c != '\0'; c++) {
		if (*c < '0' || *c > '9' || number > most) {
			return false;
		}
		number = number * 10 + (uint32_t)(*c - '0');
	}
	if (number == 0 || number > most) {
		return false;
	}
	*count = number;
	return true;
}

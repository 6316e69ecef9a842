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

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at =
		c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c)
			  : NULL;

	return at == NULL ? -1 : (int)(at - digits);
}

bool cbx_number_hex(const char *text, uint8_t *bytes, size_t most, size_t *size)
{
	size_t count = 0;

	while (*text != '\0') {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || count == most) {
			return false;
		}
		bytes[count++] = (uint8_t)(high << 4 | low);
		text += 2;
		text += *text == ':' && text[1] != '\0' ? 1 : 0;
	}
	*size = count;
	return count != 0;
}

/* Exactly @p count digits. */
static bool read_field(const char **text, size_t count, int *value)
{
	*value = 0;
	for (size_t i = 0; i < count; i++) {
		char c = *(*text)++;

		if (c < '0' || c > '9') {
			return false;
		}
		*value = *value * 10 + (c - '0');
	}
	return true;
}

static bool read_mark(const char **text, char mark)
{
	return *(*text)++ == mark;
}

static bool read_clock(const char **text, struct tm *parts)
{
	return read_mark(text, 'T') && read_field(text, 2, &parts->tm_hour) &&
	       read_mark(text, ':') && read_field(text, 2, &parts->tm_min) &&
	       read_mark(text, ':') && read_field(text, 2, &parts->tm_sec) &&
	       read_mark(text, 'Z');
}

static bool read_date(const char **text, struct tm *parts)
{
	return read_field(text, 4, &parts->tm_year) && read_mark(text, '-') &&
	       read_field(text, 2, &parts->tm_mon) && read_mark(text, '-') &&
	       read_field(text, 2, &parts->tm_mday);
}

/* RFC 3339 in UTC, with or without the time of day. */
static bool read_calendar(const char *text, int64_t *seconds)
{
	struct tm parts = { 0 };
	struct tm back;
	time_t when;

	if (!read_date(&text, &parts) ||
		(*text != '\0' && !read_clock(&text, &parts)) ||
		*text != '\0') {
		return false;
	}
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	back = parts;
	when = timegm(&back);
	/* The thirty-first of June comes back as another day. */
	if (back.tm_mon != parts.tm_mon || back.tm_mday != parts.tm_mday ||
		back.tm_hour != parts.tm_hour || back.tm_min != parts.tm_min ||
		back.tm_sec != parts.tm_sec) {
		return false;
	}
	*seconds = (int64_t)when;
	return true;
}

bool cbx_number_time(const char *text, int64_t *seconds)
{
	const char *end = text;
	uint64_t number;

	if (read_digits(&end, &number) && *end == '\0') {
		*seconds = (int64_t)number;
		return number <= INT64_MAX;
	}
	return read_calendar(text, seconds);
}

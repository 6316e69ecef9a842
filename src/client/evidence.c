/* SPDX-License-Identifier: Apache-2.0 */
#include <client/evidence.h>

#include <string.h>

#define DEPTH 8u

/* CBOR as the keeper writes it (doc/evidence.md), on its way through. */
struct scan {
	const uint8_t *at;
	size_t left;
};

enum major {
	UINT = 0,
	NEGATIVE = 1,
	BYTES = 2,
	TEXT = 3,
	ARRAY = 4,
	MAP = 5,
	TAG = 6,
	SIMPLE = 7,
};

/* Read a head of at most 8 bytes behind the first. */
static bool head(struct scan *s, enum major *major, uint64_t *value)
{
	uint8_t info;
	size_t more;

	if (s->left == 0) {
		return false;
	}
	*major = (enum major)(s->at[0] >> 5);
	info = s->at[0] & 31;
	more = info < 24 ? 0 : (size_t)1 << (info - 24);
	if (info > 27 || more >= s->left) {
		return false;
	}
	*value = more == 0 ? info : 0;
	for (size_t i = 1; i <= more; i++) {
		*value = *value << 8 | s->at[i];
	}
	s->at += 1 + more;
	s->left -= 1 + more;
	return true;
}

static bool take(struct scan *s, uint64_t size, struct cbx_span *bytes)
{
	if (size > s->left) {
		return false;
	}
	*bytes = (struct cbx_span){ s->at, (size_t)size };
	s->at += size;
	s->left -= (size_t)size;
	return true;
}

/* A byte string or a text. */
static bool string(struct scan *s, enum major wanted, struct cbx_span *bytes)
{
	enum major major;
	uint64_t size;

	return head(s, &major, &size) && major == wanted &&
	       take(s, size, bytes);
}

/* Pass over items, and what is inside them. */
static bool skip(struct scan *s, uint64_t items, uint32_t depth)
{
	struct cbx_span ignored;
	bool good = depth != 0;

	for (; items != 0 && good; items--) {
		enum major major;
		uint64_t value;

		good = head(s, &major, &value);
		if (good && (major == BYTES || major == TEXT)) {
			good = take(s, value, &ignored);
		} else if (good && (major == ARRAY || major == MAP)) {
			good = value <= s->left &&
			       skip(s, major == MAP ? 2 * value : value,
				       depth - 1);
		} else if (good && major == TAG) {
			good = skip(s, 1, depth - 1);
		}
	}
	return good;
}

/* Go to the value of a map's key: a text, or (NULL) a number. */
static bool enter(struct scan *s, const char *text, int64_t number)
{
	enum major wanted = text != NULL ? TEXT : number < 0 ? NEGATIVE : UINT;
	uint64_t value = (uint64_t)(number < 0 ? -1 - number : number);
	enum major major;
	uint64_t pairs;

	if (!head(s, &major, &pairs) || major != MAP) {
		return false;
	}
	for (; pairs != 0; pairs--) {
		struct cbx_span key = { 0 };
		uint64_t got;

		if (!head(s, &major, &got) ||
			((major == BYTES || major == TEXT) &&
				!take(s, got, &key))) {
			return false;
		}
		if (major == wanted &&
			(text == NULL ? got == value
				      : got == strlen(text) &&
						memcmp(key.bytes, text, got) ==
							0)) {
			return true;
		}
		if (!skip(s, 1, DEPTH)) {
			return false;
		}
	}
	return false;
}

/* The claims in the envelope: [protected, {}, payload, signature]. */
static bool open_envelope(struct scan *s, struct cbx_span *claims)
{
	enum major major;
	uint64_t value;

	return head(s, &major, &value) && major == TAG &&
	       value == CBX_COSE_TAG_SIGN1 && head(s, &major, &value) &&
	       major == ARRAY && value == 4 && skip(s, 2, DEPTH) &&
	       string(s, BYTES, claims);
}

bool cbx_evidence_channel(struct cbx_span evidence, struct cbx_channel_to *to)
{
	struct scan s = { evidence.bytes, evidence.size };
	struct cbx_span claims;
	struct scan box;
	struct cbx_span x;

	if (!open_envelope(&s, &claims)) {
		return false;
	}
	s = (struct scan){ claims.bytes, claims.size };
	if (!enter(&s, NULL, CBX_EAT_SUBMODS) ||
		!enter(&s, CBX_SUBMOD_BOX, 0)) {
		return false;
	}
	box = s;
	if (!skip(&s, 1, DEPTH)) {
		return false;
	}
	to->box = (struct cbx_span){ box.at, (size_t)(s.at - box.at) };
	if (!enter(&box, NULL, CBX_EAT_CNF) ||
		!enter(&box, NULL, CBX_EAT_CNF_KEY) ||
		!enter(&box, NULL, CBX_COSE_KEY_X) ||
		!string(&box, BYTES, &x) || x.size != sizeof(to->key)) {
		return false;
	}
	memcpy(to->key, x.bytes, sizeof(to->key));
	return true;
}

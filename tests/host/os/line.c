/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines out of the machine: each a stream of bytes in both directions, one
 * session after the other.  tests/host/lines.py is the other end and says what
 * the packets are; card.c carries them.
 */
#include <host/os/card.h>
#include <host/os/file.h>

#define BEGIN  0xffffu
#define CREDIT 0xfffeu
#define END    0u

#define PART	     1024u /* bytes of data in a packet, at most */
#define WINDOW	     16u   /* packets on their way, at most */
#define PATH	     "/dev/line"
#define PATH_LETTERS (sizeof(PATH) - 1)

struct os_line {
	bool taken;
	bool begun; /* the other end's session */
	bool ended;
	uint32_t credits; /* packets that may be sent */
	uint32_t first;	  /* of the packets that came */
	uint32_t count;
	uint32_t done; /* bytes of the first that were read */
	struct {
		uint32_t size;
		uint8_t bytes[PART];
	} came[WINDOW];
};

static struct os_line lines[OS_CARDS];

static uint32_t number_of(const struct os_line *line)
{
	return (uint32_t)(line - lines);
}

static void send(const struct os_line *line, uint32_t word, const void *bytes,
	uint32_t size)
{
	uint8_t packet[2 + PART];

	packet[0] = (uint8_t)word;
	packet[1] = (uint8_t)(word >> 8);
	memcpy(packet + 2, bytes, size);
	os_card_send(number_of(line), packet, 2 + size);
}

static void begin(struct os_line *line)
{
	line->begun = true;
	line->ended = false;
	line->credits = WINDOW;
	line->count = 0;
	line->done = 0;
}

static void keep(struct os_line *line, const uint8_t *bytes, uint32_t size)
{
	uint32_t at = (line->first + line->count) % WINDOW;

	if (size > PART || line->count == WINDOW) {
		os_panic("a line says too much ", size, line->count);
	}
	memcpy(line->came[at].bytes, bytes, size);
	line->came[at].size = size;
	line->count++;
}

/* What has come, until there is no more.  What came before a session begins is
 * of one that is over. */
static void pump(struct os_line *line)
{
	uint8_t packet[OS_CARD_BYTES];

	while (os_card_take(number_of(line), packet)) {
		uint32_t word = packet[0] | (uint32_t)packet[1] << 8;

		if (word == BEGIN) {
			begin(line);
		} else if (line->begun && word == CREDIT) {
			line->credits++;
		} else if (line->begun && word == END) {
			line->ended = true;
		} else if (line->begun) {
			keep(line, packet + 2, word);
		}
	}
}

bool os_line_ready(struct os_line *line)
{
	pump(line);
	return line->count != 0 || line->ended;
}

bool os_line_room(struct os_line *line)
{
	pump(line);
	return line->credits != 0;
}

uint64_t os_line_read(struct os_line *line, uint64_t va, uint64_t size)
{
	uint64_t left = line->came[line->first].size - line->done;

	if (line->count == 0) {
		return 0;
	}
	size = size < left ? size : left;
	if (!os_put(va, line->came[line->first].bytes + line->done, size)) {
		return OS_ERROR(EFAULT);
	}
	line->done += (uint32_t)size;
	if (line->done == line->came[line->first].size) {
		line->first = (line->first + 1) % WINDOW;
		line->count--;
		line->done = 0;
		send(line, CREDIT, NULL, 0);
	}
	return size;
}

uint64_t os_line_write(struct os_line *line, uint64_t va, uint64_t size)
{
	uint8_t bytes[PART];
	uint64_t done = 0;

	while (done < size && line->credits != 0) {
		uint64_t n = size - done < PART ? size - done : PART;

		if (!os_get(bytes, va + done, n)) {
			return done != 0 ? done : OS_ERROR(EFAULT);
		}
		send(line, (uint32_t)n, bytes, (uint32_t)n);
		line->credits--;
		done += n;
	}
	return done;
}

bool os_line_is(const char *path, uint64_t *number)
{
	if (os_length(path) != PATH_LETTERS + 1 ||
		memcmp(path, PATH, PATH_LETTERS) != 0) {
		return false;
	}
	*number = (uint64_t)(path[PATH_LETTERS] - '0');
	return *number < OS_CARDS;
}

uint64_t os_line_open(uint64_t number, struct os_line **opened)
{
	struct os_line *line = &lines[number];

	if (line->taken) {
		return OS_ERROR(EBUSY);
	}
	if (!os_card_start((uint32_t)number)) {
		return OS_ERROR(ENXIO);
	}
	line->taken = true;
	line->begun = false;
	line->ended = false;
	line->credits = 0;
	line->count = 0;
	send(line, BEGIN, NULL, 0);
	*opened = line;
	return 0;
}

void os_line_close(struct os_line *line)
{
	send(line, END, NULL, 0);
	line->taken = false;
}

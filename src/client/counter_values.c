/* SPDX-License-Identifier: Apache-2.0 */
#include <client/counter_values.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <client/file.h>

#define HEAD	  "libconfbox counters 1\n"
#define LINE_MOST (64 + 1 + 20 + 1)
#define FILE_MOST (sizeof(HEAD) + CBX_COUNTERS_MAX * LINE_MOST + 16)
#define SECRET	  48u

struct counter {
	uint8_t name[32];
	uint64_t value;
};

struct counters {
	size_t count;
	struct counter at[CBX_COUNTERS_MAX];
};

/* ---- files ---- */

/* All of a file, with a zero byte behind it. @return bytes or -errno */
static ssize_t read_whole(int folder, const char *name, char *to, size_t most)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = 1;
	size_t size = 0;

	if (fd < 0) {
		return -errno;
	}
	while (n > 0 && size < most) {
		n = read(fd, to + size, most - size);
		if (n < 0 && errno == EINTR) {
			n = 1;
		} else if (n > 0) {
			size += (size_t)n;
		}
	}
	n = n < 0 ? -errno : (ssize_t)size;
	close(fd);
	if (n == (ssize_t)most) {
		return -EBADMSG;
	}
	to[size] = '\0';
	return n;
}

static int write_new(
	int folder, const char *name, const void *bytes, size_t size)
{
	int fd = openat(folder, name,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int status = 0;

	if (fd < 0) {
		return -errno;
	}
	if (!cbx_file_write_all(fd, bytes, size) || fsync(fd) != 0) {
		status = errno != 0 ? -errno : -EIO;
	}
	if (close(fd) != 0 && status == 0) {
		status = -errno;
	}
	return status;
}

/* The file is what it was, or all of this, whenever the power goes. */
static int replace(int folder, const char *name, const void *bytes, size_t size)
{
	int status = write_new(folder, "new", bytes, size);

	if (status == 0 && renameat(folder, "new", folder, name) != 0) {
		status = -errno;
	}
	if (status == 0 && fsync(folder) != 0) {
		status = -errno;
	}
	return status;
}

/* One at a time, whatever process or thread. @return a descriptor, or -errno */
static int lock(int folder)
{
	int fd = openat(folder, "lock",
		O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int status;

	if (fd < 0) {
		return -errno;
	}
	do {
		status = flock(fd, LOCK_EX);
	} while (status != 0 && errno == EINTR);
	if (status != 0) {
		status = -errno;
		close(fd);
		return status;
	}
	return fd;
}

/* ---- values ---- */

static bool read_name(const char *hex, uint8_t name[32])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 64; i++) {
		const char *digit =
			hex[i] == '\0' ? NULL : strchr(digits, hex[i]);

		if (digit == NULL) {
			return false;
		}
		name[i / 2] = (uint8_t)(name[i / 2] << 4 | (digit - digits));
	}
	return true;
}

/* A number in its only spelling, up to the end of its line. */
static bool read_number(const char *text, uint64_t *number, const char **end)
{
	char again[24];
	char *after;

	errno = 0;
	*number = strtoull(text, &after, 10);
	(void)snprintf(again, sizeof(again), "%" PRIu64 "\n", *number);
	*end = after + 1;
	return errno == 0 && strncmp(text, again, strlen(again)) == 0;
}

static bool read_line(const char **text, struct counter *c)
{
	*c = (struct counter){ 0 };
	return read_name(*text, c->name) && (*text)[64] == ' ' &&
	       read_number(*text + 65, &c->value, text);
}

static int parse(const char *text, size_t size, struct counters *all)
{
	const char *end = text + size;
	uint64_t said;

	all->count = 0;
	if (strncmp(text, HEAD, strlen(HEAD)) != 0) {
		return -EBADMSG;
	}
	text += strlen(HEAD);
	while (strncmp(text, "end ", 4) != 0) {
		if (all->count == CBX_COUNTERS_MAX ||
			!read_line(&text, &all->at[all->count])) {
			return -EBADMSG;
		}
		all->count++;
	}
	return read_number(text + 4, &said, &text) && said == all->count &&
			       text == end
		       ? 0
		       : -EBADMSG;
}

/* @return memory for the caller to free, or NULL and *status */
static struct counters *load(int folder, int *status)
{
	struct counters *all = malloc(sizeof(*all));
	char *text = calloc(1, FILE_MOST + 1);
	ssize_t size = all == NULL || text == NULL
			       ? -ENOMEM
			       : read_whole(folder, "values", text, FILE_MOST);

	*status = (int)size;
	if (size >= 0) {
		*status = parse(text, (size_t)size, all);
	} else if (size == -ENOENT) {
		*status = -EBADMSG;
	}
	free(text);
	if (*status != 0) {
		free(all);
		return NULL;
	}
	return all;
}

static int save(int folder, const struct counters *all)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	int status;

	if (file == NULL) {
		return -ENOMEM;
	}
	(void)fputs(HEAD, file);
	for (size_t i = 0; i < all->count; i++) {
		for (size_t n = 0; n < sizeof(all->at[i].name); n++) {
			(void)fprintf(file, "%02x", all->at[i].name[n]);
		}
		(void)fprintf(file, " %" PRIu64 "\n", all->at[i].value);
	}
	(void)fprintf(file, "end %zu\n", all->count);
	status = fclose(file) != 0 ? -ENOMEM
				   : replace(folder, "values", text, size);
	free(text);
	return status;
}

static struct counter *find(struct counters *all, const uint8_t name[32])
{
	for (size_t i = 0; i < all->count; i++) {
		if (memcmp(all->at[i].name, name, 32) == 0) {
			return &all->at[i];
		}
	}
	return NULL;
}

/* ---- the calls, under the lock ---- */

static int read_locked(int folder, const uint8_t name[32], uint64_t *value)
{
	int status;
	struct counters *all = load(folder, &status);
	const struct counter *c = all == NULL ? NULL : find(all, name);

	if (all != NULL) {
		*value = c == NULL ? 0 : c->value;
	}
	free(all);
	return status;
}

/* One more; NULL when there is no room. */
static struct counter *append(struct counters *all, const uint8_t name[32])
{
	struct counter *c;

	if (all->count == CBX_COUNTERS_MAX) {
		return NULL;
	}
	c = &all->at[all->count++];
	*c = (struct counter){ 0 };
	memcpy(c->name, name, sizeof(c->name));
	return c;
}

static int advance_in(int folder, struct counters *all,
	const struct cbx_counter_question *question, uint64_t *value,
	bool *done)
{
	struct counter *c = find(all, question->id.name);
	uint64_t now = c == NULL ? 0 : c->value;

	*value = now;
	*done = false;
	if (now != question->from) {
		return 0;
	}
	if (now == UINT64_MAX) {
		return -ERANGE;
	}
	c = c == NULL ? append(all, question->id.name) : c;
	if (c == NULL) {
		return -ENOSPC;
	}
	*value = ++c->value;
	*done = true;
	return save(folder, all);
}

/* A directory of neither, or of one whose making was interrupted. */
static int make_key(int folder, uint8_t secret[SECRET])
{
	static const struct counters none;
	int status = 0;
	struct counters *all = load(folder, &status);
	bool begun = all != NULL && all->count == 0;

	free(all);
	if (!begun && faccessat(folder, "values", F_OK, 0) == 0) {
		return status == 0 ? -EBADMSG : status;
	}
	status = getrandom(secret, SECRET, 0) == SECRET ? 0 : -EIO;
	if (status == 0) {
		status = save(folder, &none);
	}
	return status == 0 ? replace(folder, "key", secret, SECRET) : status;
}

static int key_locked(int folder, uint8_t secret[SECRET])
{
	static const uint8_t any[32];
	char text[SECRET + 2];
	uint64_t unused;
	ssize_t size = read_whole(folder, "key", text, sizeof(text) - 1);

	if (size == -ENOENT) {
		return make_key(folder, secret);
	}
	if (size != SECRET) {
		return size < 0 ? (int)size : -EBADMSG;
	}
	memcpy(secret, text, SECRET);
	explicit_bzero(text, sizeof(text));
	return read_locked(folder, any, &unused);
}

int cbx_counter_values_key(int folder, uint8_t secret[SECRET])
{
	int fd = lock(folder);
	int status = fd < 0 ? fd : key_locked(folder, secret);

	if (fd >= 0) {
		close(fd);
	}
	return status;
}

int cbx_counter_values_read(int folder, const uint8_t name[32], uint64_t *value)
{
	int fd = lock(folder);
	int status = fd < 0 ? fd : read_locked(folder, name, value);

	if (fd >= 0) {
		close(fd);
	}
	return status;
}

int cbx_counter_values_advance(int folder,
	const struct cbx_counter_question *question, uint64_t *value,
	bool *done)
{
	int fd = lock(folder);
	int status = fd < 0 ? fd : 0;
	struct counters *all = fd < 0 ? NULL : load(folder, &status);

	if (all != NULL) {
		status = advance_in(folder, all, question, value, done);
	}
	free(all);
	if (fd >= 0) {
		close(fd);
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Who keeps counters: a directory of this machine. */
#include <confbox/counter.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <client/counter.h>
#include <client/counter_values.h>
#include <client/error.h>
#include <trust/counter.h>
#include <trust/turn.h>

struct directory {
	int folder;
	psa_key_id_t key;
	uint8_t id[32];
};

static bool sign(psa_key_id_t key, struct cbx_counter_answer *answer)
{
	bool made;

	cbx_psa_take_turn();
	made = cbx_counter_sign(key, answer);
	cbx_psa_end_turn();
	return made;
}

int cbx_counter_directory_ask(void *arg,
	const struct cbx_counter_question *question,
	struct cbx_counter_answer *answer)
{
	const struct directory *d = arg;
	struct cbx_counter_answer made = { .asked = *question };
	bool done = false;
	int status = -EINVAL;

	if (memcmp(question->id.service, d->id, sizeof(d->id)) != 0) {
		return -ENOENT;
	}
	if (question->op == CBX_COUNTER_READ && question->from == 0) {
		status = cbx_counter_values_read(
			d->folder, question->id.name, &made.value);
	} else if (question->op == CBX_COUNTER_ADVANCE) {
		status = cbx_counter_values_advance(
			d->folder, question, &made.value, &done);
	}
	made.done = done ? 1 : 0;
	if (status == 0 && !sign(d->key, &made)) {
		status = -EIO;
	}
	if (status == 0) {
		*answer = made;
	}
	return status;
}

static void forget(struct directory *d)
{
	cbx_psa_take_turn();
	(void)psa_destroy_key(d->key);
	cbx_psa_end_turn();
	if (d->folder >= 0) {
		close(d->folder);
	}
	free(d);
}

/* The key, and the name it gives the service. */
static bool take_key(struct directory *d, const uint8_t secret[48])
{
	uint8_t point[CBX_COUNTER_POINT_BYTES];
	bool taken;

	cbx_psa_take_turn();
	taken = psa_crypto_init() == PSA_SUCCESS;
	if (taken) {
		d->key = cbx_counter_key(secret);
		taken = d->key != 0 &&
			cbx_counter_service_of(d->key, point, d->id);
	}
	cbx_psa_end_turn();
	return taken;
}

static enum cbx_status open_directory(struct directory *d, const char *path)
{
	uint8_t secret[48];
	bool taken;
	int status;

	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		return cbx_fail_os(CBX_E_INVALID, errno, "%s", path);
	}
	d->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->folder < 0) {
		return cbx_fail_os(CBX_E_INVALID, errno, "%s", path);
	}
	status = cbx_counter_values_key(d->folder, secret);
	if (status == -ENOMEM) {
		return cbx_fail_memory("counters");
	}
	if (status == -EBADMSG) {
		return cbx_fail(CBX_E_INVALID,
			"%s: not a directory of counters, or a broken one",
			path);
	}
	if (status != 0) {
		return cbx_fail_os(CBX_E_INVALID, -status, "%s", path);
	}
	taken = take_key(d, secret);
	explicit_bzero(secret, sizeof(secret));
	return taken ? CBX_OK
		     : cbx_fail(CBX_E_HARDWARE,
			       "%s: the cryptographic library refuses the key",
			       path);
}

enum cbx_status cbx_counter_directory(
	const char *path, struct cbx_counter_service *service, uint8_t id[32])
{
	struct directory *d = calloc(1, sizeof(*d));
	enum cbx_status status;

	if (d == NULL) {
		return cbx_fail_memory("counters");
	}
	d->folder = -1;
	status = open_directory(d, path);
	if (status != CBX_OK) {
		forget(d);
		return status;
	}
	*service = (struct cbx_counter_service){ d, cbx_counter_directory_ask };
	memcpy(id, d->id, sizeof(d->id));
	return CBX_OK;
}

void cbx_counter_close(struct cbx_counter_service *service)
{
	if (service == NULL) {
		return;
	}
	if (service->ask == cbx_counter_directory_ask) {
		forget(service->arg);
	} else if (service->ask == cbx_counter_socket_ask) {
		free(service->arg);
	}
	*service = (struct cbx_counter_service){ 0 };
}

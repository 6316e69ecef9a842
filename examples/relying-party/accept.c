/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A relying party: is this evidence genuine, and is it what my policy accepts?
 * Then a client: data from standard input, sealed to exactly that box.
 *
 *   accept POLICY.json EVIDENCE NONCE < data > sealed
 *
 * NONCE is the file of the challenge the evidence was asked for with.  The
 * result, an EAT attestation result, goes to standard error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <confbox/client.h>

#define FILE_MAX (1u << 20)

/* All bytes of a file; exits when it cannot be read. */
static struct cbx_span read_all(FILE *file, const char *name)
{
	uint8_t *bytes = malloc(FILE_MAX);
	size_t size = 0;

	if (file != NULL && bytes != NULL) {
		size = fread(bytes, 1, FILE_MAX, file);
	}
	if (file == NULL || bytes == NULL || ferror(file) || !feof(file)) {
		fprintf(stderr, "accept: cannot read all of %s\n", name);
		exit(2);
	}
	if (file != stdin) {
		fclose(file);
	}
	return (struct cbx_span){ bytes, size };
}

/* Seal all of the data to the box that was accepted. */
static int send_all(const struct cbx_verdict *verdict, struct cbx_span data)
{
	struct cbx_client_room room = { 0 };
	struct cbx_client *client = NULL;
	enum cbx_client_error error = cbx_client_start(verdict, &client);

	if (error == CBX_CLIENT_OK) {
		room.size = cbx_client_sealed_size(client, data.size);
		room.bytes = malloc(room.size);
		error = room.bytes == NULL
				? CBX_CLIENT_E_LIBRARY
				: cbx_client_seal(client, data, 1, &room);
	}
	if (error == CBX_CLIENT_OK) {
		(void)fwrite(room.bytes, 1, room.used, stdout);
	} else {
		fprintf(stderr, "accept: %s\n", cbx_client_error_text(error));
	}
	free(room.bytes);
	cbx_client_end(client);
	return error == CBX_CLIENT_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct cbx_verdict *verdict = cbx_verdict_create();
	struct cbx_appraisal *appraisal;
	char message[256];
	char *result;
	int failed = 1;

	if (argc != 4 || verdict == NULL) {
		fprintf(stderr, "accept POLICY.json EVIDENCE NONCE < data\n");
		return 2;
	}
	appraisal = cbx_appraisal_read(read_all(fopen(argv[1], "rb"), argv[1]),
		message, sizeof(message));
	if (appraisal == NULL) {
		fprintf(stderr, "%s:%s\n", argv[1], message);
		return 2;
	}
	appraisal->now = (int64_t)time(NULL);
	appraisal->nonce = read_all(fopen(argv[3], "rb"), argv[3]);
	if (cbx_verify_box(verdict, read_all(fopen(argv[2], "rb"), argv[2]),
		    NULL, appraisal) == CBX_ACCEPTED) {
		failed = send_all(verdict, read_all(stdin, "the data"));
	}
	result = cbx_verdict_json(verdict);
	fprintf(stderr, "%s\n", result == NULL ? "no memory" : result);
	free(result);
	cbx_appraisal_destroy(appraisal);
	cbx_verdict_destroy(verdict);
	return failed;
}

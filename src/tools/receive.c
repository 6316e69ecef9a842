/* SPDX-License-Identifier: Apache-2.0 */
/* confbox receive: the answer to what confbox send wrote to a file. */
#include <tools/commands.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <confbox/client.h>
#include <tools/say.h>
#include <tools/send_answer.h>
#include <tools/send_socket.h>

static int restore(const char *path, struct cbx_client **client)
{
	uint8_t saved[CBX_CLIENT_SAVED_BYTES];
	enum cbx_client_error error = CBX_CLIENT_E_SAVED;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		cbx_say("%s: %s; check the path", path, strerror(errno));
		return CBX_CODE_FAILED;
	}
	if (cbx_send_read(fd, saved, sizeof(saved))) {
		error = cbx_client_restore(saved, client);
	}
	explicit_bzero(saved, sizeof(saved));
	(void)close(fd);
	return error == CBX_CLIENT_OK ? 0 : cbx_send_error(path, error);
}

static int receive(const char *session)
{
	struct cbx_client *client = NULL;
	int code = restore(session, &client);

	if (code == 0) {
		code = cbx_send_answer(client, STDIN_FILENO, "standard input");
	}
	cbx_client_end(client);
	return code;
}

int cbx_command_receive(char **argv)
{
	if (argv[0] != NULL && (strcmp(argv[0], "--help") == 0 ||
				       strcmp(argv[0], "-h") == 0)) {
		(void)printf("usage: confbox receive SESSION < ANSWER\n\n"
			     "Open the answer of a box to what confbox send "
			     "--session SESSION wrote, and write\nit to "
			     "standard output and error.  Exit status: as "
			     "confbox send.\n");
		return cbx_say_flush();
	}
	if (argv[0] == NULL || argv[0][0] == '-' || argv[1] != NULL) {
		cbx_say("write confbox receive SESSION < ANSWER");
		return CBX_CODE_FAILED;
	}
	return receive(argv[0]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The client's commands, where there are none: on the machine the boxes are
 * on. */
#include <tools/commands.h>

#include <tools/say.h>

#define UNREAD 2 /* as enum cbx_verify_code */

static void say_elsewhere(const char *command)
{
	cbx_say("%s: not in this confbox, which runs beside the boxes; use it "
		"where the client is",
		command);
}

int cbx_command_verify(char **argv)
{
	(void)argv;
	say_elsewhere("verify");
	return UNREAD;
}

int cbx_command_send(char **argv)
{
	(void)argv;
	say_elsewhere("send");
	return CBX_CODE_FAILED;
}

int cbx_command_receive(char **argv)
{
	(void)argv;
	say_elsewhere("receive");
	return CBX_CODE_FAILED;
}

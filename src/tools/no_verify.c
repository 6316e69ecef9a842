/* SPDX-License-Identifier: Apache-2.0 */
/* confbox verify, where there is none: on the machine the boxes are on. */
#include <tools/commands.h>

#include <tools/say.h>

#define UNREAD 2 /* as enum cbx_verify_code */

int cbx_command_verify(char **argv)
{
	(void)argv;
	cbx_say("verify: not in this confbox, which runs beside the boxes; "
		"verify where the client is");
	return UNREAD;
}

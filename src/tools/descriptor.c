/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/descriptor.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>

static bool was_closed[3];

void cbx_descriptor_guard(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) >= 0) {
			continue;
		}
		was_closed[fd] = true;
		/* The lowest free descriptor is this one. */
		if (open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd) {
			abort();
		}
	}
}

int cbx_descriptor_fd(int fd)
{
	return was_closed[fd] ? -1 : fd;
}

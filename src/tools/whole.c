/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/whole.h>

#include <stdlib.h>

#define ROOM_FIRST ((size_t)1 << 16)

uint8_t *cbx_whole_read(FILE *file, size_t most, size_t *size)
{
	size_t room = ROOM_FIRST;
	uint8_t *bytes = malloc(room);

	*size = 0;
	while (bytes != NULL) {
		uint8_t *grown;

		*size += fread(bytes + *size, 1, room - *size, file);
		if (*size < room || *size > most) {
			break;
		}
		room *= 2;
		grown = realloc(bytes, room);
		if (grown == NULL) {
			free(bytes);
		}
		bytes = grown;
	}
	return bytes;
}

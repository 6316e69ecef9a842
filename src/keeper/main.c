/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper program.  It holds one box for itself and is given work over the
 * desk; it opens no file and has no other input.
 */
#include <stdlib.h>

#include <keeper/gate.h>
#include <keeper/secret.h>
#include <keeper/serve.h>

int main(void)
{
	struct cbx_desk *desk = (struct cbx_desk *)CBX_DESK_VA;
	uint8_t *data = (uint8_t *)(CBX_DESK_VA + CBX_PAGE_SIZE);
	enum cbx_status last = CBX_OK;

	if (!cbx_secret_draw()) {
		return EXIT_FAILURE;
	}
	while (cbx_keeper_next(last) == CBX_OK) {
		last = cbx_keeper_serve(desk, data,
			(size_t)CBX_DESK_DATA_PAGES * CBX_PAGE_SIZE);
	}
	return EXIT_FAILURE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper's work: everything it does for the monitor, as functions on a
 * desk (base/desk.h).
 *
 * The keeper program calls this on the desk in its own memory; on the mock
 * the same function is linked into the test.  It needs mbedTLS's PSA
 * interface, of version 2.28 or 3.6.
 */
#ifndef CBX_KEEPER_SERVE_H
#define CBX_KEEPER_SERVE_H

#include <base/desk.h>
#include <base/types.h>

/**
 * Do what the desk asks and leave the answer on it.
 *
 * The request is copied before it is looked at, so that what is checked is
 * what is done.
 *
 * @param[in,out] desk  the request; on success the answer stands where its
 *                      operation says, on failure it is untouched
 * @param[in,out] data  data[data_bytes]; page i begins at i * CBX_PAGE_SIZE;
 *                      NULL when data_bytes is 0; on success as the operation
 *                      says, on failure undefined
 * @param data_bytes    any number
 *
 * @retval CBX_OK            done
 * @retval CBX_E_UNSUPPORTED no such operation; SEAL_KEY: there is no root
 * @retval CBX_E_INVALID     not well-formed (struct cbx_desk), the data does
 *                           not hold what the lengths say, a record's address
 *                           would pass the end of the number range, or what a
 *                           client or signer sent is malformed
 * @retval CBX_E_DENIED      what a client or signer sent does not authenticate
 * @retval CBX_E_STATE       ROOT: there is a root; LETTER: there is a key, or
 *                           it is dead
 * @retval CBX_E_BUSY        LETTER: a message is under way
 * @retval CBX_E_NOMEM       the library has no memory
 * @retval CBX_E_HARDWARE    the library failed; there was no entropy to start
 *                           it, or it is not built with what this takes
 */
CBX_MUST_CHECK enum cbx_status cbx_keeper_serve(
	struct cbx_desk *desk, uint8_t *data, size_t data_bytes);

#endif

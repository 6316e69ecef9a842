/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Releasing the root of sealing keys to a monitor that was verified, on
 * machines whose platform has none (doc/sealing.md).
 *
 *   the service            nonce, evidence, cbx_verify_monitor, cbx_release_seal
 *   who started the monitor    cbx_release_ask, or its two halves:
 *                          cbx_monitor_evidence, cbx_release_give
 */
#ifndef CONFBOX_RELEASE_H
#define CONFBOX_RELEASE_H

#include <confbox/abi.h>
#include <confbox/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CBX_RELEASE_API __attribute__((visibility("default")))
#else
#define CBX_RELEASE_API
#endif

#define CBX_RELEASE_ROOT_BYTES	  32u
#define CBX_RELEASE_NAME_BYTES	  32u
#define CBX_RELEASE_MESSAGE_BYTES 144u

/**
 * Seal a root for the keeper of a monitor, to be opened once, and by no other.
 *
 * @param      verdict  cbx_verify_monitor's, which accepted evidence with a nonce
 *                      of this service
 * @param      root     32 random bytes, the same at each start: who has them has
 *                      every sealing key
 * @param[out] message  message[CBX_RELEASE_MESSAGE_BYTES], for cbx_release_give
 *                      on the other side; zeros on failure
 *
 * @retval CBX_ACCEPTED            made
 * @retval CBX_REFUSED_WRONG_TYPE  accepted, but not a monitor's
 * @retval CBX_REFUSED_INTERNAL    the cryptographic library failed
 * @retval ...                     what the verdict says
 */
CBX_VERIFY_API CBX_VERIFY_CHECKED enum cbx_refusal cbx_release_seal(
	const struct cbx_verdict *verdict,
	const uint8_t root[CBX_RELEASE_ROOT_BYTES], uint8_t *message);

/**
 * The name by which a box knows a root (--root of confbox-seal(1)).
 *
 * @param      backend  as the evidence says, "linux": names differ
 * @param[out] name     zeros on failure
 *
 * @return CBX_ACCEPTED, or CBX_REFUSED_INTERNAL
 */
CBX_VERIFY_API CBX_VERIFY_CHECKED enum cbx_refusal cbx_release_name(
	const uint8_t root[CBX_RELEASE_ROOT_BYTES], const char *backend,
	uint8_t name[CBX_RELEASE_NAME_BYTES]);

struct cbx_context;

/**
 * Hand a root to the keeper.
 *
 * @param message  message[size], of cbx_release_seal, for this monitor
 *
 * @retval CBX_OK          boxes get sealing keys
 * @retval CBX_E_INVALID   not such a message
 * @retval CBX_E_DENIED    not for this keeper, or not whole
 * @retval CBX_E_STATE     it has a root
 * @retval CBX_E_NOMEM     no free page in the context
 * @retval CBX_E_HARDWARE  the monitor ended, or the keeper
 */
CBX_RELEASE_API CBX_VERIFY_CHECKED enum cbx_status cbx_release_give(
	struct cbx_context *context, const void *message, size_t size);

/**
 * Have a key service look at the monitor, and hand over what it sends.
 *
 * @param fd  a stream socket to the service; stays open.  Its timeouts hold
 *
 * @retval CBX_OK         boxes get sealing keys
 * @retval CBX_E_INVALID  the service does not answer, or not as it should
 * @retval CBX_E_DENIED   it refuses this monitor, or sent another one's root
 * @retval ...            as cbx_monitor_evidence and cbx_release_give
 */
CBX_RELEASE_API CBX_VERIFY_CHECKED enum cbx_status cbx_release_ask(
	struct cbx_context *context, int fd);

#ifdef __cplusplus
}
#endif

#endif

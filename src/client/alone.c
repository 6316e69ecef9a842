/* SPDX-License-Identifier: Apache-2.0 */
/* A library that cannot start a monitor: the device, or an error that names
 * it. */
#include <client/monitor.h>

const struct cbx_transport *const cbx_transport_other = &cbx_transport_device;

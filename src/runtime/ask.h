/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that are asked: a question is written as a whole, then its answer
 * is read.  /dev/confbox/key asks the monitor, /dev/confbox/counter the host.
 */
#ifndef CBX_RUNTIME_ASK_H
#define CBX_RUNTIME_ASK_H

#include "file.h"

extern const struct cbx_file_ops cbx_ask_key_ops;
extern const struct cbx_file_ops cbx_ask_counter_ops;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/tdx_level.h>

#include <stdio.h>
#include <strings.h>

#include <verify/pcs.h>
#include <verify/span.h>

static const char *const words[CBX_TCB_STATUSES] = {
	[CBX_TCB_NONE] = "unknown",
	[CBX_TCB_UP_TO_DATE] = "UpToDate",
	[CBX_TCB_SW_HARDENING] = "SWHardeningNeeded",
	[CBX_TCB_CONFIGURATION] = "ConfigurationNeeded",
	[CBX_TCB_CONFIGURATION_AND_SW_HARDENING] =
		"ConfigurationAndSWHardeningNeeded",
	[CBX_TCB_OUT_OF_DATE] = "OutOfDate",
	[CBX_TCB_OUT_OF_DATE_CONFIGURATION] = "OutOfDateConfigurationNeeded",
	[CBX_TCB_RELAUNCH] = "TDRelaunchAdvised",
	[CBX_TCB_RELAUNCH_CONFIGURATION] =
		"TDRelaunchAdvisedConfigurationNeeded",
	[CBX_TCB_REVOKED] = "Revoked",
};

const char *cbx_tcb_word(enum cbx_tcb_status status)
{
	return words[status];
}

/* Any of them for a platform. */
static enum cbx_tcb_status platform_status(const json_t *level)
{
	for (int i = CBX_TCB_UP_TO_DATE; i < CBX_TCB_STATUSES; i++) {
		bool ours = i == CBX_TCB_RELAUNCH ||
			    i == CBX_TCB_RELAUNCH_CONFIGURATION;

		if (!ours && cbx_pcs_is(level, "tcbStatus", words[i])) {
			return (enum cbx_tcb_status)i;
		}
	}
	return CBX_TCB_NONE;
}

enum cbx_tcb_status cbx_level_part_status(const json_t *level)
{
	enum cbx_tcb_status status = platform_status(level);

	return status == CBX_TCB_UP_TO_DATE || status == CBX_TCB_OUT_OF_DATE ||
			       status == CBX_TCB_REVOKED
		       ? status
		       : CBX_TCB_NONE;
}

static bool read_components(
	const json_t *tcb, const char *name, uint8_t svn[CBX_PCK_COMPONENTS])
{
	const json_t *list = json_object_get(tcb, name);

	if (!json_is_array(list) ||
		json_array_size(list) != CBX_PCK_COMPONENTS) {
		return false;
	}
	for (size_t i = 0; i < CBX_PCK_COMPONENTS; i++) {
		uint32_t number;

		if (!cbx_pcs_number(json_array_get(list, i), "svn", UINT8_MAX,
			    &number)) {
			return false;
		}
		svn[i] = (uint8_t)number;
	}
	return true;
}

bool cbx_level_read(const json_t *level, struct cbx_level *wanted)
{
	const json_t *tcb = json_object_get(level, "tcb");

	wanted->status = platform_status(level);
	return wanted->status != CBX_TCB_NONE &&
	       read_components(tcb, "sgxtcbcomponents", wanted->sgx) &&
	       read_components(tcb, "tdxtcbcomponents", wanted->tdx) &&
	       cbx_pcs_number(tcb, "pcesvn", UINT16_MAX, &wanted->pcesvn);
}

const json_t *cbx_level_module(const json_t *tcb_info, uint8_t major)
{
	const json_t *list = json_object_get(tcb_info, "tdxModuleIdentities");
	char id[16];

	(void)snprintf(id, sizeof(id), "TDX_%02x", major);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *module = json_array_get(list, i);
		const char *name =
			json_string_value(json_object_get(module, "id"));

		if (name != NULL && strcasecmp(name, id) == 0) {
			return module;
		}
	}
	return NULL;
}

#define MASKED_MAX 16u

bool cbx_level_masked(const json_t *object, const char *name,
	const char *mask_name, struct cbx_span have, bool *readable)
{
	uint8_t wanted[MASKED_MAX];
	uint8_t mask[MASKED_MAX];

	*readable = have.size <= MASKED_MAX &&
		    cbx_pcs_bytes(object, name, wanted, have.size) &&
		    cbx_pcs_bytes(object, mask_name, mask, have.size);
	for (size_t i = 0; *readable && i < have.size; i++) {
		if ((have.bytes[i] & mask[i]) != wanted[i]) {
			return false;
		}
	}
	return *readable;
}

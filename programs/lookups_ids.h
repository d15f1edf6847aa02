/*
 * The numbers of the lookups window's controls and commands: for its resource, its code, and whoever drives it from
 * outside. Must stay fit for the resource compiler: nothing but #define.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef LOOKUPS_IDS_H
#define LOOKUPS_IDS_H

#define LOOKUPS_CLASS "lookups"

#define ID_LOOKUPS          1       /* the dialog template, the menu, the accelerators */

#define ID_ADD              1       /* IDOK: what Enter presses */

#define ID_QUERY_LABEL      100
#define ID_QUERY            101
#define ID_LIST             102
#define ID_PROGRESS         103
#define ID_LOG_LABEL        104
#define ID_LOG              105
#define ID_STATUS           106

#define ID_CANCEL_SELECTED  200
#define ID_CANCEL_ALL       201
#define ID_SELECT_ALL       202
#define ID_OPEN             203
#define ID_SAVE             204
#define ID_EXIT             205
#define ID_HELP             206

#endif

/*
 * Blocking calls under a hook where the sockets' driver cannot be polled, as in Wine 5.0: the same as with it, by other
 * means. It knows that the DLL opens the driver through its import table.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "blocking.h"
#include "badhook.h"
#include "image.h"
#include <winternl.h>

#define NO_SUCH_DEVICE ((NTSTATUS)0xc000000e)

static volatile LONG refused;

static NTSTATUS WINAPI refuse_driver(HANDLE *file, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes, IO_STATUS_BLOCK *io,
                                     LARGE_INTEGER *size, ULONG kind, ULONG sharing, ULONG disposition, ULONG options,
                                     void *extended, ULONG extended_size)
{
    InterlockedIncrement(&refused);
    return NO_SUCH_DEVICE;
}

START_TEST(nodriver)
{
    start(MAKEWORD(1, 1));
    if (!ours)
    {
        skip("the builtin polls no driver\n");
        finish();
        return;
    }
    ok(patch_import(winsock(), "NtCreateFile", refuse_driver) != NULL, "the DLL opens no driver\n");
    test_kinds_briefly();
    test_hooks_briefly();
    finish();
    ok(refused > 0, "the driver was not asked for\n");
}

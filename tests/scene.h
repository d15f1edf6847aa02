/*
 * A blocking call as a scene: sockets over loopback on which one call of Winsock 1.1 blocks, a hook on the calling
 * thread that is told which scene it is in, somebody who ends the call when nobody else does, the result. It knows the
 * documented API only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_SCENE_H
#define WSASYNC_TESTS_SCENE_H

#include "common.h"

enum call { RECV, SELECT, ACCEPT, NAME, CONNECT, SEND, CALLS };
extern const char *const call_names[CALLS];

struct scene
{
    /* the test's, between set_scene() and perform() */
    BOOL plain;                         /* no hook */
    BOOL (*hook)(struct scene *);       /* what the hook does and returns; NULL: returns FALSE */
    void (*before)(struct scene *);     /* on the calling thread, before the call (and before the hook is set) */
    void (*after)(struct scene *);      /* and after it (and before the hook is taken away) */
    void (*help)(struct scene *);       /* what ends the call when nobody else does; NULL: release() */
    DWORD rescue;                       /* after so many ms; set_scene() sets what fits the DLL */

    enum call call;
    SOCKET s, peer;                     /* it blocks on s; peer: the other end, or the listener that is connected to */
    SOCKET crowd[2];                    /* connections that fill that listener's queue */
    struct sockaddr_in address;         /* the listener's */
    char *buf;                          /* walled, what recv and send are given */
    int size;
    char name[128];

    HANDLE called;                      /* set by each call of the hook; it resets itself */
    volatile LONG calls;
    LONG depth, deepest;                /* of hooks inside hooks */
    LONG_PTR result;                    /* as returned; an int is extended */
    int error;                          /* 0: it succeeded */
    volatile LONG rescued;
    HANDLE thread;
    HANDLE over, rescuer;
};

/* FALSE where the call cannot be made to block here (NAME without a scripted server). Names take `ms`, or a second. */
BOOL set_scene(struct scene *, enum call);
BOOL set_name_scene(struct scene *, unsigned int ms);
void end_scene(struct scene *);         /* closes what is left */

void perform(struct scene *);           /* sets the hook, calls, takes the hook away */
void attempt(struct scene *);           /* the call alone */
void perform_elsewhere(struct scene *); /* on a thread of its own */
void disarm(struct scene *);            /* for a perform() that does not return: no help is wanted any more */
BOOL wait_end(struct scene *);          /* until that one has ended; FALSE and a failure if it hangs */
void release(struct scene *);           /* what the call waits for comes; NAME: it comes by itself */

BOOL cancel_call(struct scene *);       /* a hook: cancels, FALSE */
BOOL call_again(struct scene *);        /* a hook: TRUE */

/* One check: it was cancelled (todo on the builtin), it succeeded. */
#define expect_cancelled(scene) (winetest_set_location(__FILE__, __LINE__), expect_cancelled_(scene))
#define expect_success(scene)   (winetest_set_location(__FILE__, __LINE__), expect_success_(scene))
void expect_cancelled_(const struct scene *);
void expect_success_(const struct scene *);

SOCKET loopback_socket(int type, struct sockaddr_in *);     /* bound; the address is its own */
BOOL scene_pair(SOCKET pair[2]);       /* by connect and accept */
ULONGLONG microseconds(void);
ULONGLONG median(ULONGLONG *, unsigned int count);

#endif

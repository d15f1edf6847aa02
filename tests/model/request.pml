/*
 * The life of a request as request.c leads it, for Spin: some requests, workers, threads that cancel, a cleanup with a restart, a
 * window that dies, posts that fail, a post routine that cancels, a resolver that never answers. What is checked is in
 * the assertions, and that nobody waits for ever.
 *
 * What the code does under requests_lock is one atomic step here. A comment "FILE: CODE" stands before the step that CODE
 * takes; tests/model/check looks whether FILE still has it. WITHOUT_... leaves a guard out, which check must notice.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SUBMITS
#define SUBMITS 3       /* requests in all; each has memory of its own, so that what was freed is known */
#endif
#ifndef HANDLES
#define HANDLES 2       /* fewer: they are issued again */
#endif
#define WORKERS 2
#ifndef CANCELLERS
#define CANCELLERS 2
#endif
#ifndef CANCELS
#define CANCELS 1       /* of each of them */
#endif
#ifndef FAILURES
#define FAILURES 1      /* of posts */
#endif
#ifndef ROUTINE
#define ROUTINE 1       /* it cancels once */
#endif
#ifndef HANG
#define HANG 1          /* one lookup may */
#endif
#ifndef CLEANUPS
#define CLEANUPS 1
#endif
#define QUERIES 2
#define UNKNOWN 255
#define PROCESSES (2 + WORKERS + CANCELLERS + 2)

mtype = { UNUSED, PENDING, POSTING, REPOST, DEAD, FREED };      /* a request's memory and state */
mtype = { NO_WORK, QUEUED, RUNNING };                           /* the pool's work */

typedef request_t
{
    mtype state = UNUSED;
    mtype repost = NO_WORK;
    byte handle;
    byte lookup;
    bool settled, closed;
    byte poster;
    byte canceller;
    /* what the program was told, and what came */
    bool posted;            /* its message is in the queue */
    bool impossible;        /* its message can never be there */
    bool cancelled;         /* cancel said 0 */
    bool already;           /* cancel said WSAEALREADY */
    bool dropped;           /* by the last cleanup */
    bool silent;            /* no message may come any more */
    bool sealed;            /* its buffer is the program's again */
}

typedef lookup_t
{
    mtype work = NO_WORK;
    byte query;             /* 0: nobody can join */
    byte requesters;
    bool hung, freed;
}

request_t request[SUBMITS + 1];         /* number s is the one with serial s */
lookup_t lookup[SUBMITS + 1];
byte requests[HANDLES + 1];             /* by handle; 0: none */
byte freed[HANDLES + 1], freed_count, issued;
bool accepting;
byte last_serial, last_lookup;
bool asleep[PROCESSES];                 /* on post_ended */
bool handed_over[PROCESSES];            /* a canceller's `cancelled` */
bool window_lives = true;
bool routine_cancels = ROUTINE, may_hang = HANG;
byte failures = FAILURES;

#define ALIVE(s) (request[s].state != UNUSED && request[s].state != FREED)
#define WAKE_ALL d_step { w = 0; do :: w < PROCESSES -> asleep[w] = false; w++ :: else -> break od; w = 0 }

inline handle_free(s)
{
    h_ = request[s].handle;
    requests[h_] = 0;
    freed[freed_count] = h_;
    freed_count++;
    h_ = 0
}

inline free(s)
{
    assert(ALIVE(s));
    request[s].state = FREED
}

/* request.c: if (pool_withdraw(&lookup->work)) */
inline leave_lookup(s)
{
    l_ = request[s].lookup;
    assert(!lookup[l_].freed && lookup[l_].requesters > 0);
    lookup[l_].requesters--;
    if
    :: lookup[l_].requesters == 0 ->
        lookup[l_].query = 0;
        if
#ifdef WITHOUT_WITHDRAW
        :: true ->
#else
        :: lookup[l_].work == QUEUED ->
#endif
            lookup[l_].work = NO_WORK; lookup[l_].freed = true
        :: else -> skip /* request.c: pool_abandon(&lookup->work); */
        fi
    :: else -> skip
    fi;
    l_ = 0
}

/* request.c: static void drop(struct request *request) */
inline drop(s)
{
    handle_free(s);
    if
    :: request[s].state == PENDING -> leave_lookup(s); free(s)
    :: else ->
        assert(request[s].state == REPOST);
        if
        :: request[s].repost == QUEUED -> request[s].repost = NO_WORK; free(s)
#ifdef WITHOUT_DEAD
        :: else -> free(s)
#else
        :: else -> request[s].state = DEAD      /* request.c: request->state = DEAD; */
#endif
        fi
    fi
}

/* Whether this thread posts: request.c: if (LIST_ENTRY_OF(at, struct request, entry)->poster == thread) */
inline is_posting(yes)
{
    d_step
    {
        w = 1; yes = false;
        do
        :: w <= SUBMITS -> yes = yes || (request[w].state == POSTING && request[w].poster == _pid); w++
        :: else -> break
        od;
        w = 0
    }
#ifdef WITHOUT_IS_POSTING
    yes = false
#endif
}

/* Cancels handle v. Leaves the result in nothing but what the program may believe from then on. */
inline cancel(v)
{
    s_ = UNKNOWN;
    do
    :: atomic
        {
            now = requests[v];
            if
            :: s_ == UNKNOWN ->
                handed_over[_pid] = false;
                s_ = (accepting -> now : 0)     /* request.c: serial = request->serial; */
            :: else -> skip
            fi;
            is_posting(mine);
            if
            :: s_ == 0 -> break
            /* request.c: while (request && request->serial == serial && request->state == POSTING && !is_posting()) */
#ifdef WITHOUT_SERIAL
            :: s_ != 0 && now != 0 && request[now].state == POSTING && !mine ->
#elif defined(WITHOUT_WAIT)
            :: false ->
#else
            :: s_ != 0 && now == s_ && request[s_].state == POSTING && !mine ->
#endif
                if
                /* request.c: if (!request->canceller && !request->settled) */
                :: !request[now].canceller && !request[now].settled -> request[now].canceller = _pid
                :: else -> skip
                fi;
                asleep[_pid] = true
            :: else ->
                if
                :: handed_over[_pid] -> assert(!request[s_].posted && request[s_].cancelled)
                /* request.c: else if (!request || request->serial != serial || request->settled) */
#ifdef WITHOUT_SERIAL
                :: !handed_over[_pid] && now == 0 ->
#elif defined(WITHOUT_SETTLED)
                :: !handed_over[_pid] && now != s_ ->
#else
                :: !handed_over[_pid] && (now != s_ || request[s_].settled) ->
#endif
                    cancel_said_already(s_)
                :: else ->
                    if
                    /* request.c: request->settled = TRUE; */
                    :: request[now].state == POSTING -> request[now].settled = true; cancel_said_already(s_)
                    :: else -> drop(now); cancel_said_0(s_)
                    fi
                fi;
                break
            fi
        }
        !asleep[_pid]           /* request.c: SleepConditionVariableSRW(&post_ended, &requests_lock, INFINITE, 0); */
    od;
    s_ = 0; now = 0; mine = false
}

inline cancel_said_0(s)
{
    assert(!request[s].posted && !request[s].cancelled && !request[s].already);
    assert(!ALIVE(s) || request[s].state == DEAD);
    request[s].cancelled = true; request[s].silent = true; request[s].sealed = true
}

inline cancel_said_already(s)
{
    /* only the thread that posts may be told so before it is true */
    assert(request[s].posted || request[s].impossible || request[s].cancelled || request[s].dropped || mine
           || request[s].already);
    request[s].already = true; request[s].sealed = true
}

/* After the lock was let go. request.c: static void post(struct request *request) */
inline deliver(s)
{
    if
    :: atomic { routine_cancels -> routine_cancels = false };   /* the program's routine calls us on this thread */
        if
        :: cancel(1)
        :: cancel(HANDLES)
        fi
    :: true
    fi;
    atomic
    {
        if
        :: !window_lives -> result = 2
        :: window_lives ->
            assert(!request[s].silent && !request[s].posted);
            request[s].posted = true; result = 0
        :: window_lives && failures > 0 -> failures--; result = 1
        fi
    }
}

/* What follows request.c: result = deliver(request->hwnd, request->msg, request->handle, request->reply); */
inline post_ends(s)
{
    assert(request[s].state == POSTING);
    if
#ifdef WITHOUT_CLOSED
    :: result == 1 && request[s].canceller && !request[s].settled ->
#else
    :: result == 1 && !request[s].closed && request[s].canceller && !request[s].settled ->
#endif
#ifndef WITHOUT_HAND_OVER
        handed_over[request[s].canceller] = true;       /* request.c: *request->canceller = TRUE; */
        request[s].cancelled = true; request[s].silent = true;
#endif
        result = 3
    :: else -> skip
    fi;
    request[s].canceller = 0;
    if
#ifdef WITHOUT_CLOSED
    :: result == 1 ->
#else
    :: result == 1 && !request[s].closed ->     /* request.c: again = !request->closed && */
#endif
        request[s].state = REPOST; request[s].repost = QUEUED   /* request.c: pool_queue_after(&request->repost, */
    :: else ->
        if
        :: result == 2 -> request[s].impossible = true
        :: result == 1 -> request[s].dropped = true
        :: else -> skip
        fi;
        handle_free(s); free(s)
    fi;
    result = 0;
    WAKE_ALL            /* request.c: WakeAllConditionVariable(&post_ended); */
}

inline begin_post(s)
{
    request[s].state = POSTING; request[s].poster = _pid        /* request.c: request->poster = GetCurrentThreadId(); */
}

/* request.c: request->reply = copy_out(request, &answer); */
inline copy_out(s)
{
    assert(ALIVE(s) && !request[s].sealed)
}

/* The first requester of lookup l, or 0; request.c: list_remove(&request->entry); */
inline take_requester(l, s)
{
    d_step
    {
        s = 1;
        do
        :: s <= SUBMITS && !(request[s].state == PENDING && request[s].lookup == l) -> s++
        :: else -> break
        od;
        if
        :: s > SUBMITS -> s = 0
        :: else -> skip
        fi
    }
}

proctype worker()
{
    byte l, s, s_, l_, h_, now, w, result;
    bool mine;

end_idle:
    do
    :: atomic
        {
            if
            :: lookup[1].work == QUEUED -> l = 1
            :: lookup[2].work == QUEUED -> l = 2
            :: SUBMITS > 2 && lookup[SUBMITS].work == QUEUED -> l = SUBMITS
            :: request[1].repost == QUEUED -> s = 1
            :: request[2].repost == QUEUED -> s = 2
            :: SUBMITS > 2 && request[SUBMITS].repost == QUEUED -> s = SUBMITS
            fi;
            if
            :: l -> lookup[l].work = RUNNING
            :: else -> request[s].repost = RUNNING
            fi
        }
        if
        :: l ->
            /* request.c: lookup_ask(&lookup->query, &answer); */
            if
            :: atomic { may_hang -> may_hang = false; lookup[l].hung = true };
end_hung:       false
            :: true
            fi;
            atomic
            {
                assert(!lookup[l].freed);
#ifndef WITHOUT_LEAVING_BUCKET
                lookup[l].query = 0;    /* request.c: list_remove(&lookup->bucket); */
#endif
            }
            do
            :: atomic
                {
                    take_requester(l, s);
                    if
                    :: s == 0 -> lookup[l].work = NO_WORK; lookup[l].freed = true; l = 0; break
                    :: else -> skip
                    fi;
#ifdef WITHOUT_ONE_STEP
                }
                copy_out(s);
                atomic
                {
#else
                    copy_out(s);
#endif
                    lookup[l].requesters--; begin_post(s)
                }
                deliver(s);
                atomic { post_ends(s); s = 0 }
            od
        :: else ->
            atomic
            {
                request[s].repost = NO_WORK;
                if
                :: request[s].state == DEAD -> free(s); s = 0       /* request.c: if (request->state == DEAD) */
                :: else -> assert(request[s].state == REPOST && !request[s].silent); begin_post(s)
                fi
            }
            if
            :: s -> deliver(s); atomic { post_ends(s); s = 0 }
            :: else -> skip
            fi
        fi
    od
}

proctype impatient()
{
    byte s_, l_, h_, now, w, n;
    bool mine;

    do
    :: n < CANCELS ->
        n++;
        if
        :: cancel(1)
        :: cancel(HANDLES)
        fi
    :: break
    od
}

/* request.c: int request_submit(HWND hwnd, */
inline submit(q)
{
    accepting ->                        /* request.c: if (!accepting) */
    atomic
    {
        if
#ifndef WITHOUT_SECOND_LOOK
        :: !accepting -> skip           /* request.c: error = WSANOTINITIALISED; */
#endif
        :: (issued == HANDLES && !freed_count) || last_serial == SUBMITS -> skip
        :: else ->
            last_serial++;
            s = last_serial;
            /* request.c: struct lookup *lookup = find_lookup(bucket, query); */
            l = 1;
            do
            :: l <= last_lookup && !(lookup[l].query == q) -> l++
            :: else -> break
            od;
            if
            :: l > last_lookup ->
                last_lookup++; lookup[l].query = q; lookup[l].work = QUEUED     /* request.c: pool_queue(&request->lookup->work, lane); */
            :: else -> assert(!lookup[l].freed)
            fi;
            lookup[l].requesters++;
            request[s].lookup = l;
            if
            :: issued < HANDLES -> issued++; request[s].handle = issued         /* request.c: return ++issued; */
            :: else ->
                request[s].handle = freed[0];       /* request.c: handle = freed[freed_first]; */
                freed_count--;
                w = 0;
                do :: w < freed_count -> freed[w] = freed[w + 1]; w++ :: else -> break od;
                freed[freed_count] = 0; w = 0
            fi;
            requests[request[s].handle] = s;
            request[s].state = PENDING;
            request[s].silent = !accepting; request[s].sealed = !accepting;
            s = 0; l = 0
        fi
    }
}

proctype submitter()
{
    byte s, l, w, h_;

    do
    :: last_serial < SUBMITS ->
        if
        :: submit(1)
        :: submit(QUERIES)
        :: true -> break
        fi
    :: last_serial == SUBMITS -> break
    od
}

/* The last WSACleanup, then perhaps a WSAStartup. */
proctype cleaner()
{
    byte s, l_, h_, w, last;
    bool wait;

    /* request.c: void request_close(void) */
    atomic
    {
        accepting = false;
        s = 1;
        do
        :: s <= SUBMITS ->
            if
            :: request[s].state == POSTING -> request[s].closed = true  /* request.c: request->closed = TRUE; */
            :: request[s].state == PENDING || request[s].state == REPOST -> request[s].dropped = true; drop(s)
            :: else -> skip
            fi;
            s++
        :: else -> break
        od;
        s = 0;
        last = last_serial
    }
#ifndef WITHOUT_SETTLE
    /* request.c: while (closed_are_posting() && !is_posting()) */
    do
    :: atomic
        {
            w = 1; wait = false;
            do
            :: w <= SUBMITS -> wait = wait || (request[w].state == POSTING && request[w].closed); w++
            :: else -> break
            od;
            w = 0;
            if
            :: wait -> asleep[_pid] = true
            :: else -> break
            fi
        }
        !asleep[_pid]
    od;
#endif
    atomic
    {
        s = 1;
        do
        :: s <= last -> request[s].silent = true; request[s].sealed = true; s++
        :: else -> break
        od;
        s = 0
    }
    accepting = true
}

/* When nothing moves any more: what still lives waits for the resolver that hangs. */
proctype witness()
{
    byte s = 1;

    if
    :: window_lives = false
    :: true
    fi;
    timeout;
    do
    :: s <= SUBMITS ->
        assert(!ALIVE(s) || (request[s].state == PENDING && lookup[request[s].lookup].hung));
        s++
    :: else -> break
    od
}

init
{
    byte i;

    atomic
    {
        accepting = true;
        i = 0; do :: i < WORKERS -> run worker(); i++ :: else -> break od;
        i = 0; do :: i < CANCELLERS -> run impatient(); i++ :: else -> break od;
        run submitter();
        if :: CLEANUPS > 0 -> run cleaner() :: else -> skip fi;
        run witness()
    }
}

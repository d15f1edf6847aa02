/*
 * The life of an operation of GetAddrInfoExW as addrinfoex.c leads it, for Spin: one that is told by an event or a routine, with
 * a timeout or without, workers, threads that cancel, the last cleanup, a start beside it, a resolver that never answers.
 * Operations have nothing to do with each other, so one is enough. What is checked is in the assertions; the last of them,
 * when nothing moves any more: it was told once, and nothing is left of it.
 *
 * What the code does under addrinfo_lock is one atomic step here, but for the begin, which looks twice at what startup.c
 * guards. A comment "FILE: CODE" stands before the step that CODE takes; tests/model/check looks whether FILE still has it.
 * WITHOUT_... leaves a guard out, which check must notice.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define WORKERS 2
#define CANCELLERS 2
#define CLEANUPS 2

mtype = { NO_WORK, QUEUED, RUNNING };   /* the pool's work */

/* The operation. */
mtype lookup = NO_WORK, later = NO_WORK;
bool made, freed, asking, waiting, over, owed, routine, timed, hung;
byte of_session;
/* What the program knows of it. */
byte seen_starts;               /* before it asked */
byte told;                      /* how often; from then on all memory is the program's again */

bool begins;                    /* addrinfo_lock is held by who begins it */
bool started = true;
byte session, starts = 1, finished;

#define PENDING (made && !over)

/* addrinfoex.c: if (!operation->asking && !operation->waiting) */
inline free_unless_used()
{
    if
#ifdef WITHOUT_ASKING
    :: !waiting ->
#elif defined(WITHOUT_WAITING)
    :: !asking ->
#else
    :: !asking && !waiting ->
#endif
        assert(!freed);
        freed = true
    :: else -> skip
    fi
}

/* addrinfoex.c: static BOOL end(struct operation *operation, DWORD error, ADDRINFOEXW *list) */
inline end_it()
{
    assert(!freed && !over && !told);
    over = true
}

/* addrinfoex.c: static void complete(const struct completion *completion) */
inline complete()
{
    atomic { assert(over && !told); told++ }
}

inline leave_lookup()
{
    assert(!freed && asking);
    if
#ifdef WITHOUT_WITHDRAW
    :: true ->
#else
    :: lookup == QUEUED ->      /* addrinfoex.c: if (pool_withdraw(&operation->lookup)) */
#endif
        lookup = NO_WORK; asking = false
    :: else -> skip             /* addrinfoex.c: pool_abandon(&operation->lookup); */
    fi
}

/* addrinfoex.c: if (operation->waiting && pool_withdraw(&operation->later)) */
inline withdraw_timeout()
{
    if
    :: waiting && later == QUEUED -> later = NO_WORK; waiting = false
    :: else -> skip
    fi
}

/* addrinfoex.c: static void give_up(struct operation *operation, struct completion *completion) */
inline give_up()
{
    end_it();
    withdraw_timeout();
    if
    :: !waiting && routine -> waiting = true; later = QUEUED    /* addrinfoex.c: pool_queue_after(&operation->later, 0); */
    :: else -> skip
    fi;
#ifndef WITHOUT_OWED
    owed = routine;             /* addrinfoex.c: operation->owed = operation->completion.routine != NULL; */
#endif
#ifdef WITHOUT_WORKERS_ROUTINE
    mine = true;
#else
    mine = !routine;            /* addrinfoex.c: completion->routine = NULL; */
#endif
    leave_lookup();
    free_unless_used()
}

proctype worker()
{
    bool mine;

end_idle:
    do
    :: atomic { lookup == QUEUED -> lookup = RUNNING }
        if
        :: over -> skip         /* addrinfoex.c: if (!operation->over) */
        :: !over ->
            /* addrinfoex.c: error = addrinfo_ask(&operation->question, &list); */
            if
            :: hung = true;
end_hung:       false
            :: true
            fi
        fi;
        atomic
        {
            !begins ->
            assert(!freed && asking);
#ifdef WITHOUT_FIRST
            mine = true;
#else
            mine = !over;       /* addrinfoex.c: if ((first = !operation->over)) */
#endif
            if
            :: mine -> end_it(); withdraw_timeout()
            :: else -> skip
            fi;
            lookup = NO_WORK; asking = false;   /* addrinfoex.c: operation->asking = FALSE; */
            free_unless_used()
        }
        if
        :: mine -> complete()
        :: else -> skip
        fi
    /* addrinfoex.c: static void run_later(struct work *work) */
    :: atomic { later == QUEUED -> later = RUNNING }
        atomic
        {
            !begins ->
            assert(!freed && waiting);
            later = NO_WORK; waiting = false;   /* addrinfoex.c: operation->waiting = FALSE; */
            mine = owed;        /* addrinfoex.c: if (!(owed = operation->owed) && !operation->over) */
            if
#ifdef WITHOUT_OVER
            :: !mine ->
#else
            :: !mine && !over ->
#endif
                end_it(); leave_lookup(); mine = true
            :: else -> skip
            fi;
            free_unless_used()
        }
        if
        :: mine -> complete()
        :: else -> skip
        fi
    od
}

/* addrinfoex.c: static int begin(struct operation *operation, HANDLE *handle, DWORD ms) */
proctype program()
{
    bool ready;

    seen_starts = starts;
    if
    :: routine = true
    :: skip
    fi;
    if
    :: timed = true
    :: skip
    fi;
    begins = true;
#ifdef WITHOUT_ORDER
    ready = started;
    of_session = session;
#else
    of_session = session;       /* addrinfoex.c: operation->session = startup_session(); */
    ready = started;            /* addrinfoex.c: if (!startup_done()) */
#endif
    atomic
    {
        if
        :: ready ->
            made = true;
            asking = true; lookup = QUEUED;     /* addrinfoex.c: pool_queue(&operation->lookup, LANE_NETWORK); */
            if
            :: timed -> waiting = true; later = QUEUED  /* addrinfoex.c: pool_queue_after(&operation->later, ms); */
            :: else -> skip
            fi
        :: else -> skip
        fi;
        begins = false;
        finished++
    }
}

proctype impatient()
{
    bool mine;

    atomic
    {
        !begins ->
        if
        :: PENDING -> give_up()         /* addrinfoex.c: if ((found = handles_find(&handles, value))) */
        :: else -> skip
        fi
    }
    if
    :: mine -> complete()
    :: else -> skip
    fi;
    finished++
}

proctype cleaner()
{
    byte last, n;
    bool mine;

    do
    :: n < CLEANUPS ->
        n++;
        if
        :: atomic { started -> started = false; session++; last = starts }
            /* addrinfoex.c: void addrinfo_close(void) */
            do
            :: atomic
                {
                    !begins ->
                    mine = false;
                    if
#ifdef WITHOUT_SESSION
                    :: PENDING ->
#else
                    /* addrinfoex.c: while (at != &live_operations && LIST_ENTRY_OF(at, struct operation, live)->session == session) */
                    :: PENDING && of_session != session ->
#endif
                        assert(seen_starts <= last);
                        give_up()
                    :: else ->
                        assert(started || !PENDING);
                        break
                    fi
                }
                if
                :: mine -> complete()
                :: else -> skip
                fi
            od
        :: skip
        fi
    :: else -> break
    od;
    finished++
}

proctype starter()
{
    if
    :: atomic { !started -> started = true; starts++ }
    :: skip
    fi;
    finished++
}

init
{
    byte i;

    atomic
    {
        do
        :: i < WORKERS -> run worker(); i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < CANCELLERS -> run impatient(); i++
        :: else -> break
        od;
        run program();
        run cleaner();
        run starter()
    }
    finished == CANCELLERS + 3;
    timeout;
    assert(told == over && (made || !over));
    assert(over || !made || (hung && !timed));          /* a timeout ends what the resolver does not */
    assert(freed || !made || hung)
}

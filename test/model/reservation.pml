/*
 * Reservation, claim, fence and gate: the rules by which changes share systems,
 * without SQL and without clocks, small enough that every order of events is tried.
 *
 * Who acts: a worker for each change, which may die and be taken over by a second
 * one; a clock; persons who break a claim; and the effects of a worker that was
 * taken for dead and was not. What they share is the ledger. Each of its
 * transactions is one atomic block, or a block that judges and a block that writes
 * with the lock of the ledger held in between. That a transaction is written whole
 * or not at all is what we take from the database.
 *
 * What holds in every order of events:
 *   - two changes never have a claim on one system, nor overlapping reservations;
 *     only an emergency may reserve what is claimed, and it waits
 *   - a change holds all that it touches, or nothing
 *   - fences only grow; the gate refuses a broken claim by the fence alone
 *   - there is never an effect without an accepted intent of its own
 *   - nobody waits for ever: no deadlock, and who waits goes on when the way is free
 *   - an effect lands while its change holds the current claim, but for two cases
 * The two cases are the limit of what a ledger can do that is not the system itself.
 * The intent is accepted before the effect lands, and in between
 *   BREAK  two persons may take the claim away: an effect under way still lands, at
 *          most one for each intent that was accepted before; none after it
 *   LATE   the worker may be taken for dead, and its change be ended by the second
 *          one: the effect of the first then lands after the end
 * -DSTRICT takes this allowance away, and then both are found.
 *
 * The scene is chosen with -DPAIR, -DNEXT or -DEMERGENCY; BREAK, LATE, FAIL and DEATHS=1
 * add to it. The names that begin with FAULT are mistakes that must be found.
 */

#define A 0
#define B 1

/* PAIR: two changes want both systems in the same window; the second names them in
   the other order. NEXT: the second's window begins where the first's ends, so that
   an overrun meets it. EMERGENCY: two changes on a system each, and an emergency on
   both. A window is [START, END); the clock stops at LAST. */
#ifdef PAIR
#define CHANGES 2
#define TOUCHES(c, s) true
#define START(c) 1
#define END(c) 2
#endif
#ifdef NEXT
#define CHANGES 2
#define TOUCHES(c, s) ((c) == 0 || (s) == A)
#define START(c) ((c) + 1)
#define END(c) (2 * (c) + 2)
#endif
#ifdef EMERGENCY
#define CHANGES 3
#define TOUCHES(c, s) ((c) == 2 || (c) == (s))
#define START(c) 1
#define END(c) 3
#define URGENT(c) ((c) == 2)
#else
#define URGENT(c) false
#endif

#ifndef LAST
#define LAST 3
#endif
#ifndef DEATHS
#define DEATHS 0
#endif

/* The steps of a change are on the systems that it touches, one each. */
#define STEPS(c) ((TOUCHES(c, A) -> 1 : 0) + (TOUCHES(c, B) -> 1 : 0))
#define ON(c, step) ((step) == 0 && TOUCHES(c, A) -> A : B)

mtype = { submitted, refused, scheduled, waiting, pushed, running, completed, failed, expired };

#define NONE 0
#define RESERVED 1
#define CLAIMED 2

/* The ledger. */
bool locked;
byte now;
byte tokens;                 /* the counter that fencing tokens come from */
byte fence[2];               /* of each system */
byte holds[CHANGES * 2];     /* of each change on each system: none, reserved or claimed */
byte tokenOf[CHANGES];
byte done[CHANGES];          /* steps that have a result */
mtype status[CHANGES];

/* What only the model knows. */
byte deaths = DEATHS;        /* workers that may still die */
byte accepted[CHANGES * 2];  /* intents of each step */
byte landed[CHANGES * 2];    /* its effects */
byte broken[CHANGES];        /* the token that was taken away */

#define HOLDS(c, s) holds[(c) * 2 + (s)]

#ifdef FAULT_LOCK_DROPPED
#define UNLOCKED true
#define LOCK skip
#define UNLOCK skip
#else
#define UNLOCKED (!locked)
#define LOCK locked = true
#define UNLOCK locked = false
#endif

/* The judges: what is in the way of reserving, and of starting. */
#define OVERLAP(c, d) (START(c) < END(d) && START(d) < END(c))
#define OVERRUNS(d, s) (HOLDS(d, s) == CLAIMED && now >= END(d))
#define MEETS(c, d, s) (TOUCHES(c, s) && HOLDS(d, s) != NONE && (OVERLAP(c, d) || (OVERRUNS(d, s) && now >= START(c))))
#define CLASHES(c, d) ((c) != (d) && (MEETS(c, d, A) || MEETS(c, d, B)))
#define BLOCKS(c, d) ((c) != (d) && ((TOUCHES(c, A) && HOLDS(d, A) == CLAIMED) || (TOUCHES(c, B) && HOLDS(d, B) == CLAIMED)))
#ifdef EMERGENCY
#define CLASH(c) (CLASHES(c, 0) || CLASHES(c, 1) || CLASHES(c, 2))
#define CLAIM_IN_THE_WAY(c) (BLOCKS(c, 0) || BLOCKS(c, 1) || BLOCKS(c, 2))
#else
#define CLASH(c) (CLASHES(c, 0) || CLASHES(c, 1))
#define CLAIM_IN_THE_WAY(c) (BLOCKS(c, 0) || BLOCKS(c, 1))
#endif
#ifdef FAULT_STARTS_OVER_CLAIMS
#define BLOCKED(c) false
#else
#define BLOCKED(c) (CLAIM_IN_THE_WAY(c) || CLASH(c))
#endif

/* The gate: the change runs, the claim is that of the token, and so are the fences. */
#define FENCED(c, s, t) (!TOUCHES(c, s) || fence[s] == (t))
#define FENCES(c, t) (FENCED(c, A, t) && FENCED(c, B, t))
#ifdef FAULT_GATE_OPEN
#define GATE(c, t) true
#else
#define GATE(c, t) (status[c] == running && tokenOf[c] == (t) && FENCES(c, t))
#endif

/* What must be so whenever a transaction has been written. */
#define AS(c, s, m) (HOLDS(c, s) == (TOUCHES(c, s) -> m : NONE))
#define ALL(c, m) (AS(c, A, m) && AS(c, B, m))
#define WHOLE(c) ( \
	(status[c] == scheduled || status[c] == waiting) -> (ALL(c, RESERVED) && tokenOf[c] == 0) : \
	((status[c] == running || tokenOf[c] > 0) -> (ALL(c, CLAIMED) && tokenOf[c] > 0 && FENCES(c, tokenOf[c])) : ALL(c, NONE)))
#define APART(c, d, s) ( \
	!(HOLDS(c, s) == CLAIMED && HOLDS(d, s) == CLAIMED) && \
	!(HOLDS(c, s) == RESERVED && HOLDS(d, s) == RESERVED && OVERLAP(c, d)) && \
	!(HOLDS(c, s) == RESERVED && HOLDS(d, s) == CLAIMED && OVERLAP(c, d) && !URGENT(c)) && \
	!(HOLDS(c, s) == CLAIMED && HOLDS(d, s) == RESERVED && OVERLAP(c, d) && !URGENT(d)))

inline sound() {
	assert(APART(0, 1, A) && APART(0, 1, B));
#ifdef EMERGENCY
	assert(APART(0, 2, A) && APART(0, 2, B) && APART(1, 2, A) && APART(1, 2, B));
	assert(WHOLE(2));
#endif
	assert(WHOLE(0) && WHOLE(1))
}

inline put(c, m) {
	HOLDS(c, A) = (TOUCHES(c, A) -> m : NONE);
	HOLDS(c, B) = (TOUCHES(c, B) -> m : NONE)
}

inline raise(c, s, t) {
	if
	:: TOUCHES(c, s) -> assert(t > fence[s]); fence[s] = t
	:: else
	fi
}

inline end(c, to) {
	status[c] = to;
	tokenOf[c] = 0;
	put(c, NONE)
}

/* An emergency pushes aside what is reserved. What is claimed stays. */
inline push(c, d) {
	if
#ifdef FAULT_CLAIMS_PUSHED_ASIDE
	:: CLASHES(c, d) -> end(d, pushed)
#else
	:: CLASHES(c, d) && tokenOf[d] == 0 -> end(d, pushed)
#endif
	:: else
	fi
}

/* The excuse of an effect that lands without its claim. */
#ifdef STRICT
#define EXCUSED(c, t, late) false
#else
#define EXCUSED(c, t, late) (broken[c] == (t) || (late && status[c] != running))
#endif

inline effect(c, step, t, late) {
	assert(landed[(c) * 2 + (step)] < accepted[(c) * 2 + (step)]);
	assert((HOLDS(c, ON(c, step)) == CLAIMED && fence[ON(c, step)] == (t)) || EXCUSED(c, t, late));
	landed[(c) * 2 + (step)]++
}

#ifdef LATE
/* Effects of workers that were taken for dead: change, step, token. */
chan under_way = [1] of { byte, byte, byte };

active proctype late() {
	byte c, step, t;
end_nothing:
	do
	:: atomic { under_way?c, step, t -> effect(c, step, t, true); c = 0; step = 0; t = 0 }
	od
}
#endif

#ifdef FAULT_LOCKS_CROSSED
bool latch[2];
#define FIRST(c) (c)
#define SECOND(c) (1 - (c))
#endif

/* A worker brings a change to its end. All that it knows by itself is the token that
   it was told; who takes over reads the rest in the ledger. */
proctype worker(byte c) {
	byte t;
	bool ok;
taken_over:
	t = 0;
	do
	/* Reserve: judge and write. */
	:: atomic { status[c] == submitted && !URGENT(c) && UNLOCKED -> LOCK }
#ifdef FAULT_LOCKS_CROSSED
		UNLOCK;
		atomic { !latch[FIRST(c)] -> latch[FIRST(c)] = true }
		atomic { !latch[SECOND(c)] -> latch[SECOND(c)] = true }
		latch[0] = false; latch[1] = false;
		atomic { UNLOCKED -> LOCK }
#endif
		ok = !CLASH(c);
#if DEATHS > 0
		if
		:: skip
		/* The database undoes the transaction of who died, and frees the lock. */
#ifdef FAULT_HALF_WRITTEN
		:: atomic { deaths > 0 && ok -> deaths--; HOLDS(c, A) = RESERVED; ok = false; UNLOCK; goto taken_over }
#else
		:: atomic { deaths > 0 -> deaths--; ok = false; UNLOCK; goto taken_over }
#endif
		fi
#endif
		atomic {
			if
			:: ok -> status[c] = scheduled; put(c, RESERVED)
			:: else -> status[c] = refused
			fi;
			ok = false;
			sound();
			UNLOCK
		}
#ifdef EMERGENCY
	/* Seize: what is reserved makes way, then reserve. */
	:: atomic {
			status[c] == submitted && URGENT(c) && UNLOCKED ->
			push(c, 0);
			push(c, 1);
			status[c] = scheduled;
			put(c, RESERVED);
			sound()
		}
	/* Recheck: who was pushed aside comes back when the way is free. */
	:: atomic {
#ifdef FAULT_PUSHED_FORGOTTEN
			false ->
#else
			status[c] == pushed && UNLOCKED ->
#endif
			if
			:: now >= END(c) -> status[c] = expired
			:: now < END(c) && !CLASH(c) -> status[c] = scheduled; put(c, RESERVED)
			:: else
			fi;
			t = 0;
			sound()
		}
#endif
	/* Start: a reservation whose window is over lapses; who is blocked waits. */
#ifdef FAULT_ASKS_ONCE
	:: atomic { status[c] == scheduled && now >= START(c) && UNLOCKED ->
#else
	:: atomic { (status[c] == scheduled || status[c] == waiting) && now >= START(c) && UNLOCKED ->
#endif
			if
			:: now >= END(c) -> end(c, expired); sound()
			:: now < END(c) && BLOCKED(c) -> status[c] = waiting
			:: else -> LOCK; ok = true
			fi
		}
		if
		:: atomic {
				ok ->
				ok = false;
				tokens++;
				t = tokens;
				tokenOf[c] = t;
				status[c] = running;
				put(c, CLAIMED);
				raise(c, A, t);
				raise(c, B, t);
				sound();
				UNLOCK
			}
		:: !ok
		fi
#if DEATHS > 0
	/* The second worker is told the token of the claim. */
	:: atomic { status[c] == running && t == 0 -> t = tokenOf[c] }
#endif
	/* Begin: the gate, and the intent with it. */
	:: atomic {
			t != 0 && done[c] < STEPS(c) && UNLOCKED ->
			/* The fence alone is enough against a broken claim. */
			assert(broken[c] != t || !FENCES(c, t));
			if
			:: GATE(c, t) -> assert(broken[c] != t); accepted[c * 2 + done[c]]++
			:: else -> t = 0; goto over
			fi
		}
		if
		:: atomic { effect(c, done[c], t, false) }
#if DEATHS > 0
		/* The step has been tried before and can tell that it was done. */
		:: accepted[c * 2 + done[c]] > 1 && landed[c * 2 + done[c]] > 0
		:: atomic { deaths > 0 -> deaths--; goto taken_over }
#ifdef LATE
		:: atomic { deaths > 0 -> deaths--; under_way!c, done[c], t; goto taken_over }
#endif
#endif
		fi;
		/* Finish: the result. */
		if
		:: atomic { UNLOCKED -> done[c]++ }
#if DEATHS > 0
		:: atomic { deaths > 0 -> deaths--; goto taken_over }
#endif
		fi
	/* The end: a failed change keeps its claim, because nobody knows how its systems are. */
	:: atomic {
			t != 0 && done[c] == STEPS(c) && UNLOCKED ->
			t = 0;
			if
			:: status[c] == running -> end(c, completed); sound()
#ifdef FAIL
			:: status[c] == running -> status[c] = failed; sound()
#endif
#if defined(BREAK) || defined(FAULT_CLAIM_EXPIRES) || defined(FAULT_CLAIMS_PUSHED_ASIDE)
			:: status[c] != running /* it lost its claim: refused */
#endif
			fi;
			goto over
		}
	/* Nothing is left to do. */
	:: t == 0 && (status[c] == refused || status[c] == expired || status[c] == completed || status[c] == failed) -> break
	od;
over:
	skip
}

#ifdef BREAK
/* Two persons take the claim of the first change away, each with a signature for
   exactly that claim. The first person may sign twice, which counts once. */
byte given[2];

#ifdef FAULT_ONE_PERSON
byte signatures;
#define ENOUGH (signatures == 2)
#else
#define ENOUGH (given[0] == tokenOf[0] && given[1] == tokenOf[0])
#endif

proctype person(byte p; byte times) {
end_nothing_to_break:
	do
	:: atomic {
			times > 0 && tokenOf[0] > 0 && UNLOCKED ->
			times--;
			given[p] = tokenOf[0];
#ifdef FAULT_ONE_PERSON
			signatures++;
#endif
			if
			:: ENOUGH ->
				assert(given[0] == tokenOf[0] && given[1] == tokenOf[0]);
				broken[0] = tokenOf[0];
				end(0, failed);
#ifndef FAULT_FENCE_NOT_RAISED
				tokens++;
				raise(0, A, tokens);
				raise(0, B, tokens);
#endif
				sound()
			:: else
			fi
		}
	od
}
#endif

#ifdef FAULT_CLAIM_EXPIRES
/* Reservations lapse with their window; here claims do too. */
active proctype sweeper() {
end_nothing_lapsed:
	do
	:: atomic { status[0] == running && now >= END(0) && UNLOCKED -> end(0, expired); sound() }
	od
}
#endif

proctype clock() {
	do
	:: now < LAST -> now++
	:: now == LAST -> break
	od
}

init {
	atomic {
		byte c = 0;
		do
		:: c < CHANGES -> status[c] = submitted; c++
		:: else -> break
		od;
		c = 0;
		run clock();
		run worker(0);
		run worker(1);
#ifdef EMERGENCY
		run worker(2);
#endif
#ifdef BREAK
		run person(0, 2);
		run person(1, 1);
#endif
	}
}

#ifdef PROGRESS
/* Who waits starts when what it waits for has ended; a broken claim has ended too. */
ltl the_waiting_start { [] ((status[1] == waiting && HOLDS(0, A) == NONE) -> <> (accepted[2] > 0)) }
/* Nothing but a failed change is waited for in vain. */
ltl overruns_end { [] (status[1] == waiting -> <> (accepted[2] > 0 || status[0] == failed)) }
/* Who was pushed aside comes back. */
ltl the_pushed_come_back { [] (status[0] == pushed -> <> (status[0] == completed)) }
#endif

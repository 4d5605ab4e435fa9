/* check.h - the harness of the C tests: a check counts and never stops.
 *
 * A failed check prints where it stands and what it said, and the program
 * goes on, so that one run shows everything that is wrong.
 */
#ifndef FASTFRAME_TEST_CHECK_H
#define FASTFRAME_TEST_CHECK_H
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* A broken loop would else print the same line a million times. */
#define MAX_PRINTED 20

/* A test that waits for a lock for ever ends the program, not the day. */
#define MAX_SECONDS 30

static uint32_t num_checks, num_failures;

/* The counts are atomic because test_threads.c checks on many threads. */
static inline int check_that(int is_true, const char *text, const char *file,
                             int line)
{
    __atomic_fetch_add(&num_checks, 1, __ATOMIC_RELAXED);
    if (is_true)
        return 1;
    if (__atomic_fetch_add(&num_failures, 1, __ATOMIC_RELAXED) < MAX_PRINTED)
        fprintf(stderr, "%s:%d: failed: %s\n", file, line, text);
    return 0;
}

static inline int check_same(int64_t got, int64_t want, const char *text,
                             const char *file, int line)
{
    if (check_that(got == want, text, file, line))
        return 1;
    if (num_failures <= MAX_PRINTED)
        fprintf(stderr, "    got %" PRId64 ", expected %" PRId64 "\n", got,
                want);
    return 0;
}

#define CHECK(claim) check_that((claim) != 0, #claim, __FILE__, __LINE__)
#define CHECK_SAME(got, want)                                                  \
    check_same((int64_t)(got), (int64_t)(want), #got " is " #want, __FILE__,   \
               __LINE__)

/* RUN names the running test in the output of a failed one. */
#define RUN(test) run_test(test, #test)

static inline void run_test(void (*test)(void), const char *name)
{
    uint32_t before = num_failures;
    alarm(MAX_SECONDS);
    test();
    if (num_failures != before)
        fprintf(stderr, "    in %s\n", name);
}

/* check_report is what main returns: 0 if all is well. A program that checked
 * nothing has not passed. */
static inline int check_report(void)
{
    printf("%u checks, %u failed\n", num_checks, num_failures);
    return num_failures > 0 || num_checks == 0;
}
#endif

/* Calls the library as it must not be called: each must fail as cardissue.h says, or end, and none may crash. */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardissue.h"

#define MUST(what, error) must(__LINE__, #what, what, error)

static cardissue_options options;
static cardissue_request request;
static cardissue_outcome outcome;
static cardissue_state state;
static cardissue_terminal terminal;
static pthread_t issuing;
static int inside_issue, inside_destroy, on_other_thread, waiting, destroying;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;

static void must(int line, const char *what, int got, int wanted)
{
    char text[CARDISSUE_TEXT];
    if (got == wanted)
        return;
    cardissue_error_text(text, sizeof text);
    printf("line %d: %s is %d and not %d: %s\n", line, what, got, wanted, text);
    exit(1);
}

static void on_signal(int number) { (void)number; }

/* Signals of a program's own: cardissue.h names none of them. */
static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD, SIGALRM, SIGUSR1, SIGUSR2, SIGCONT};

static void signals_must_be_ours(void)
{
    struct sigaction now;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaction(signals[i], NULL, &now);
        MUST(now.sa_handler == on_signal ? 0 : signals[i], 0);
    }
}

/* From within progress: what may not be called, and what may. */
static void on_progress(const cardissue_progress *progress, void *context)
{
    cardissue_outcome own = {.size = sizeof own};
    cardissue_state own_state;
    int error;
    if (context != &outcome || progress->size != sizeof *progress)
        exit(3);
    inside_issue = cardissue_issue(terminal, &request, on_progress, context, &own);
    inside_destroy = cardissue_destroy(terminal);
    on_other_thread |= !pthread_equal(pthread_self(), issuing);
    own_state.size = sizeof own_state;
    error = cardissue_state_of(terminal, &own_state);
    /* While it is destroyed by another thread it may be gone already. */
    if (error != CARDISSUE_ERROR_NONE && !(destroying && error == CARDISSUE_ERROR_TERMINAL))
        exit(4);
    if (strcmp(progress->notice, "InsertCard") != 0)
        return;
    pthread_mutex_lock(&gate);
    waiting = 1;
    pthread_cond_signal(&told);
    pthread_mutex_unlock(&gate);
}

static void *issue(void *argument)
{
    issuing = pthread_self();
    *(int *)argument = cardissue_issue(terminal, &request, on_progress, &outcome, &outcome);
    return NULL;
}

/* Begins an issue on a thread of its own, and waits until it waits for a card. */
static void begin_issue(pthread_t *thread, int *error)
{
    waiting = 0;
    memset(&outcome, 0, sizeof outcome);
    outcome.size = sizeof outcome;
    pthread_create(thread, NULL, issue, error);
    pthread_mutex_lock(&gate);
    while (!waiting)
        pthread_cond_wait(&told, &gate);
    pthread_mutex_unlock(&gate);
}

int main(int argc, char **argv)
{
    char little[8];
    pthread_t thread;
    int error = -1;
    cardissue_outcome other = {.size = sizeof other};

    if (argc != 7)
        return 2;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], on_signal);
    MUST(cardissue_abi(), CARDISSUE_ABI);

    /* Nothing, a wrong size, a text that is missing or no UTF-8. */
    MUST(cardissue_create(NULL, &terminal), CARDISSUE_ERROR_SIZE);
    options.size = sizeof options - 1;
    MUST(cardissue_create(&options, &terminal), CARDISSUE_ERROR_SIZE);
    options.size = sizeof options;
    MUST(cardissue_create(&options, NULL), CARDISSUE_ERROR_USAGE);
    MUST(cardissue_create(&options, &terminal), CARDISSUE_ERROR_USAGE);
    options.passphrase = "not the passphrase";
    options.folder = argv[1];
    options.connect = argv[3];
    options.reader = "no reader's address";
    MUST(cardissue_create(&options, &terminal), CARDISSUE_ERROR_USAGE);
    options.reader = "\xff\xfe";
    MUST(cardissue_create(&options, &terminal), CARDISSUE_ERROR_USAGE);
    options.reader = argv[4];
    options.sam = argv[4];
    MUST(cardissue_create(&options, &terminal), CARDISSUE_ERROR_USAGE);
    options.sam = NULL;
    MUST(cardissue_create(&options, &terminal), CARDISSUE_ERROR_REFUSED);
    if (cardissue_error_text(little, sizeof little) < (int)sizeof little || strlen(little) >= sizeof little)
        return 5;
    MUST(cardissue_error_text(NULL, 0) > 0, 1);
    MUST(cardissue_error_text(NULL, 7) > 0, 1);
    MUST(cardissue_error_text(little, -1) > 0, 1);
    MUST(cardissue_error_text(little, 1) > 0 && little[0] == 0, 1);

    /* No terminal. */
    MUST((int)terminal, 0);
    MUST(cardissue_cancel(0), CARDISSUE_ERROR_TERMINAL);
    MUST(cardissue_state_of(-7, &state), CARDISSUE_ERROR_TERMINAL);
    MUST(cardissue_issue(4711, &request, NULL, NULL, &other), CARDISSUE_ERROR_TERMINAL);
    MUST(cardissue_destroy(1), CARDISSUE_ERROR_TERMINAL);

    /* One, and requests that can't be. */
    options.passphrase = argv[2];
    MUST(cardissue_create(&options, &terminal), CARDISSUE_ERROR_NONE);
    MUST(cardissue_cancel(terminal), CARDISSUE_ERROR_BUSY);
    state.size = 0;
    MUST(cardissue_state_of(terminal, &state), CARDISSUE_ERROR_SIZE);
    MUST(cardissue_state_of(terminal, NULL), CARDISSUE_ERROR_SIZE);
    MUST(cardissue_issue(terminal, NULL, NULL, NULL, &other), CARDISSUE_ERROR_SIZE);
    request.size = sizeof request;
    MUST(cardissue_issue(terminal, &request, NULL, NULL, NULL), CARDISSUE_ERROR_SIZE);
    MUST(cardissue_issue(terminal, &request, NULL, NULL, &other), CARDISSUE_ERROR_USAGE);
    request.reference = "";
    request.code = argv[6];
    request.operator_name = "olga";
    MUST(cardissue_issue(terminal, &request, NULL, NULL, &other), CARDISSUE_ERROR_USAGE);
    request.reference = argv[5];

    signals_must_be_ours();

    /* A second issue beside one that waits for a card; that is cancelled from here. */
    begin_issue(&thread, &error);
    MUST(inside_issue, CARDISSUE_ERROR_INSIDE);
    MUST(inside_destroy, CARDISSUE_ERROR_INSIDE);
    MUST(cardissue_issue(terminal, &request, NULL, NULL, &other), CARDISSUE_ERROR_BUSY);
    MUST(cardissue_cancel(terminal), CARDISSUE_ERROR_NONE);
    pthread_join(thread, NULL);
    MUST(error, CARDISSUE_ERROR_NONE);
    MUST(outcome.ending, CARDISSUE_ENDING_ABORTED);
    MUST(outcome.reason, 401);
    MUST(on_other_thread, 0);

    /* Destroyed while an issue is under way on another thread; then it is gone. */
    begin_issue(&thread, &error);
    destroying = 1;
    MUST(cardissue_destroy(terminal), CARDISSUE_ERROR_NONE);
    pthread_join(thread, NULL);
    MUST(error, CARDISSUE_ERROR_NONE);
    MUST(outcome.reason, 401);
    MUST(cardissue_destroy(terminal), CARDISSUE_ERROR_TERMINAL);
    MUST(cardissue_state_of(terminal, &state), CARDISSUE_ERROR_TERMINAL);
    MUST(cardissue_issue(terminal, &request, NULL, NULL, &other), CARDISSUE_ERROR_TERMINAL);
    printf("all as it should be\n");
    return 0;
}

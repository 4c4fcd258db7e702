/*
 * The CardIssue terminal as a library of C: has cards issued by a center, over a line, through a reader of this machine.
 *
 * Memory. Every text is UTF-8 and ends with NUL. What a program passes in is copied before a call returns, and stays the program's; what the library
 * tells stands in structures of the program's. The library hands out no memory, so there is nothing to free.
 *
 * Threads. Every function may be called from any thread, at any time; a terminal has one issue at a time. cardissue_issue blocks, and calls `progress`
 * on the very thread that called it, one step after the other, and never behind its own return.
 *
 * The process. The library stays loaded until the process ends, and is not there in a child of fork. From the first call on it has SIGSEGV, SIGFPE and
 * SIGRTMIN for itself, and SIGPIPE is ignored, where there are signals; a program that wants SIGPIPE sets its own handler behind that call. All other
 * signals stay the program's.
 *
 * Errors. Every function returns a cardissue_error; cardissue_error_text tells, on the same thread, what the last one was, in words that hold no
 * secret. Nothing that goes wrong in the library comes out of it as an exception or a signal. A terminal that was destroyed, or never was, is
 * CARDISSUE_ERROR_TERMINAL and no crash.
 *
 * Versions. Structures begin with their size, which the program sets; functions, fields and numbers stay, and later versions add some behind them.
 * cardissue_abi tells the library's version.
 */
#ifndef CARDISSUE_H
#define CARDISSUE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef _WIN32
#define CARDISSUE_API __declspec(dllimport)
#define CARDISSUE_CALL __cdecl
#else
#define CARDISSUE_API
#define CARDISSUE_CALL
#endif

#define CARDISSUE_ABI 1

/* Lengths of texts in bytes, with their NUL. What is longer is cut between two characters. */
#define CARDISSUE_NAME 260
#define CARDISSUE_TEXT 1024
#define CARDISSUE_RECEIPT 4100

/* A terminal. Numbers are not given twice in a process; 0 is none. */
typedef int64_t cardissue_terminal;

typedef enum cardissue_error {
    CARDISSUE_ERROR_NONE = 0,
    CARDISSUE_ERROR_FAILED = 1,      /* tried, and did not work: line, center, reader or card */
    CARDISSUE_ERROR_USAGE = 2,       /* what was passed is wrong, and is wrong again the next time */
    CARDISSUE_ERROR_FILE = 3,        /* a file can't be read or written, or is damaged */
    CARDISSUE_ERROR_REFUSED = 4,     /* by a rule, the other side, or a passphrase that does not fit */
    CARDISSUE_ERROR_FAULT = 7,       /* a fault of the library itself */
    CARDISSUE_ERROR_TERMINAL = 20,   /* no such terminal: it was destroyed, or never was */
    CARDISSUE_ERROR_BUSY = 21,       /* an issue is under way, or none that could be cancelled */
    CARDISSUE_ERROR_SIZE = 22,       /* a structure's size is none that this version knows */
    CARDISSUE_ERROR_INSIDE = 23      /* not from within progress */
} cardissue_error;

typedef enum cardissue_state_code {
    CARDISSUE_STATE_CLOSED = 0,
    CARDISSUE_STATE_CONNECTING = 1,
    CARDISSUE_STATE_REFUSED = 2,     /* `reason` says why; it is asked again after a pause */
    CARDISSUE_STATE_READY = 3,
    CARDISSUE_STATE_ISSUING = 4      /* until the card is taken out */
} cardissue_state_code;

typedef enum cardissue_ending {
    CARDISSUE_ENDING_ISSUED = 0,
    CARDISSUE_ENDING_DECLINED = 1,
    CARDISSUE_ENDING_ABORTED = 2,    /* what was begun stays with its card; also when it was cancelled (reason 401) */
    CARDISSUE_ENDING_READER_REFUSED = 3,
    CARDISSUE_ENDING_ACCESS_REFUSED = 4,
    CARDISSUE_ENDING_CENTER_NOT_KNOWN = 5,
    CARDISSUE_ENDING_LINE_LOST = 6
} cardissue_ending;

/* How a terminal is put together. NULL or 0 for what is not needed. */
typedef struct cardissue_options {
    uint32_t size;                   /* sizeof(cardissue_options) */
    int32_t line;                    /* the dedicated line's number as it was agreed, or 0 */
    const char *folder;              /* the terminal's folder, as terminalhost enroll makes it */
    const char *passphrase;          /* of its module */
    const char *connect;             /* the way to the center, as --connect of terminalhost */
    const char *results_connect;     /* of a split line, as --results-connect, or NULL */
    const char *reader;              /* as --reader: pcsc, pcsc:NAME, serial:DEVICE, tcp:HOST:PORT?serial=S (simulated) */
    const char *sam;                 /* the slot with the reader's SAM, as --sam, or NULL */
} cardissue_options;

typedef struct cardissue_state {
    uint32_t size;                   /* sizeof(cardissue_state) */
    int32_t code;                    /* cardissue_state_code */
    int32_t reason;                  /* a reason's number (SERVICE.md), or 0 */
    int32_t reserved;
    int64_t since;                   /* milliseconds since 1970-01-01, UTC */
    char error[CARDISSUE_TEXT];      /* why the line is not up, and what to do; or empty */
} cardissue_state;

/* What is asked for. */
typedef struct cardissue_request {
    uint32_t size;                   /* sizeof(cardissue_request) */
    uint32_t reserved;
    const char *reference;           /* an order number or a customer id */
    const char *code;                /* the one-time issue code */
    const char *operator_name;       /* who works here */
    const char *operator_password;   /* where operators log in (terminalhost operator add); else NULL */
} cardissue_request;

/* One step, as it happens. */
typedef struct cardissue_progress {
    uint32_t size;
    int32_t reason;                  /* a reason's number, or 0 */
    int64_t at;                      /* milliseconds since 1970-01-01, UTC */
    int32_t record;                  /* from 1; one more for the closing; 0 for none */
    int32_t records;                 /* 0 while the center has not told */
    int32_t attempt;                 /* from 1; 0 for none */
    int32_t card_status;             /* the card's last status word, or -1 */
    char step[8];                    /* S210 to S320, or empty */
    char notice[32];                 /* such as InsertCard, WritingRecord, TakeCardOut */
    char order[CARDISSUE_NAME];
    char masked_number[CARDISSUE_NAME];
    char text[CARDISSUE_TEXT];       /* for people */
} cardissue_progress;

/* How a request ended. */
typedef struct cardissue_outcome {
    uint32_t size;                   /* sizeof(cardissue_outcome) */
    int32_t ending;                  /* cardissue_ending */
    int32_t reason;                  /* a reason's number, or 0 */
    int32_t record;
    int32_t records;
    int32_t attempt;
    int32_t card_status;             /* the card's last status word, or -1 */
    int32_t reserved;
    int64_t at;                      /* milliseconds since 1970-01-01, UTC */
    char order[CARDISSUE_NAME];
    char card[CARDISSUE_NAME];       /* the card's identity at the center */
    char masked_number[CARDISSUE_NAME];
    char text[CARDISSUE_TEXT];       /* for people */
    char receipt[CARDISSUE_RECEIPT]; /* what may be printed when it is issued; else empty */
} cardissue_outcome;

/* Is told a step; what it points to is valid until it returns. It may call cardissue_state_of and cardissue_cancel. */
typedef void (CARDISSUE_CALL *cardissue_on_progress)(const cardissue_progress *progress, void *context);

/* The version of this interface that the library has. */
CARDISSUE_API int32_t CARDISSUE_CALL cardissue_abi(void);

/* Opens the module, and begins to bring the line up; it does not wait for it. */
CARDISSUE_API int32_t CARDISSUE_CALL cardissue_create(const cardissue_options *options, cardissue_terminal *terminal);

/* How it stands now. */
CARDISSUE_API int32_t CARDISSUE_CALL cardissue_state_of(cardissue_terminal terminal, cardissue_state *state);

/*
 * Has one card issued. Waits for the line, for the last customer's card to be taken out and for a card, until it ends or is cancelled. `progress` may
 * be NULL. CARDISSUE_ERROR_NONE says that there is an outcome, not that a card is issued.
 */
CARDISSUE_API int32_t CARDISSUE_CALL cardissue_issue(
    cardissue_terminal terminal, const cardissue_request *request, cardissue_on_progress progress, void *context, cardissue_outcome *outcome);

/* Cancels the issue under way, at the center too: cardissue_issue returns soon, with its outcome. */
CARDISSUE_API int32_t CARDISSUE_CALL cardissue_cancel(cardissue_terminal terminal);

/* Cancels what is under way, waits for it, and closes the terminal. */
CARDISSUE_API int32_t CARDISSUE_CALL cardissue_destroy(cardissue_terminal terminal);

/* What went wrong last on this thread. Returns its length in bytes without the NUL, which may be more than fitted; `text` may be NULL for size 0. */
CARDISSUE_API int32_t CARDISSUE_CALL cardissue_error_text(char *text, int32_t size);

#ifdef __cplusplus
}
#endif

#endif

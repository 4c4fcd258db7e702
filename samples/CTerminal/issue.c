/*
 * Has a card issued by the terminal as a library: samples/NativeTerminal/cardissue.h.
 *
 *     cc -o issue issue.c -I../NativeTerminal -L"$NATIVE" -lcardissue -Wl,-rpath,"$NATIVE"
 *     ./issue FOLDER PASSPHRASE_FILE CONNECT READER REFERENCE OPERATOR <code.txt
 *
 * NATIVE is the folder that ./build.sh publish --native makes. Exit codes: 0 the card is issued, 1 it is not, 2 the terminal could not be asked.
 */
#include <stdio.h>
#include <string.h>

#include "cardissue.h"

static void on_progress(const cardissue_progress *progress, void *context)
{
    (void)context;
    printf("%-4s %s\n", progress->step, progress->text);
    fflush(stdout);
}

static int fail(const char *what)
{
    char text[CARDISSUE_TEXT];
    cardissue_error_text(text, sizeof text);
    fprintf(stderr, "%s: %s\n", what, text);
    return 2;
}

static int read_line(FILE *from, char *line, int size)
{
    if (from == NULL || fgets(line, size, from) == NULL)
        return -1;
    line[strcspn(line, "\r\n")] = 0;
    return 0;
}

int main(int argc, char **argv)
{
    char passphrase[4096], code[256];
    cardissue_terminal terminal;
    cardissue_outcome outcome = {.size = sizeof outcome};
    cardissue_options options = {.size = sizeof options};
    cardissue_request request = {.size = sizeof request};
    FILE *file;
    int error;

    if (cardissue_abi() < CARDISSUE_ABI) {
        fprintf(stderr, "The library is older than this program: its interface is %d, and %d is needed.\n", cardissue_abi(), CARDISSUE_ABI);
        return 2;
    }
    if (argc != 7) {
        fprintf(stderr, "usage: %s FOLDER PASSPHRASE_FILE CONNECT READER REFERENCE OPERATOR <code\n", argv[0]);
        return 2;
    }
    file = fopen(argv[2], "r");
    if (read_line(file, passphrase, sizeof passphrase) != 0 || read_line(stdin, code, sizeof code) != 0) {
        fprintf(stderr, "no passphrase, or no code\n");
        return 2;
    }
    fclose(file);

    options.folder = argv[1];
    options.passphrase = passphrase;
    options.connect = argv[3];
    options.reader = argv[4];
    error = cardissue_create(&options, &terminal);
    memset(passphrase, 0, sizeof passphrase);
    if (error != CARDISSUE_ERROR_NONE)
        return fail("cardissue_create");

    request.reference = argv[5];
    request.code = code;
    request.operator_name = argv[6];
    error = cardissue_issue(terminal, &request, on_progress, NULL, &outcome);
    memset(code, 0, sizeof code);
    if (error != CARDISSUE_ERROR_NONE)
        return fail("cardissue_issue");
    if (outcome.ending == CARDISSUE_ENDING_ISSUED)
        printf("%s\n", outcome.receipt);
    else
        printf("reason %d: %s\n", outcome.reason, outcome.text);

    if (cardissue_destroy(terminal) != CARDISSUE_ERROR_NONE)
        return fail("cardissue_destroy");
    /* A terminal that was destroyed is an error, and no crash. */
    if (cardissue_cancel(terminal) != CARDISSUE_ERROR_TERMINAL)
        return fail("cardissue_cancel");
    return outcome.ending == CARDISSUE_ENDING_ISSUED ? 0 : 1;
}

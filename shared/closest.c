#include "closest.h"

#include <string.h>

enum { LONGEST = 63 };

static int distance(const char *a, const char *b)
{
    size_t rows = strlen(a), columns = strlen(b);
    int line[LONGEST + 1];

    if (rows > LONGEST || columns > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= columns; j++)
        line[j] = (int)j;
    for (size_t i = 1; i <= rows; i++) {
        int diagonal = line[0];
        line[0] = (int)i;
        for (size_t j = 1; j <= columns; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            if (line[j] + 1 < best)
                best = line[j] + 1;
            if (line[j - 1] + 1 < best)
                best = line[j - 1] + 1;
            diagonal = line[j];
            line[j] = best;
        }
    }
    return line[columns];
}

const char *closer(const char *word, const char *best, const char *candidate)
{
    int edits = distance(word, candidate);
    if (edits > 2 || 2 * edits >= (int)strlen(word))
        return best;
    return best && distance(word, best) <= edits ? best : candidate;
}

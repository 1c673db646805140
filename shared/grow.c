#include "grow.h"

#include "message.h"

#include <stdlib.h>

void *one_more(void *list, int count, size_t size)
{
    if (count & (count - 1))
        return list; /* it has room until their number is a power of two */
    list = realloc(list, (size_t)(count ? 2 * count : 1) * size);
    if (!list)
        fail("cannot list the containers");
    return list;
}

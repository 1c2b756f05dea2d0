/* SPDX-License-Identifier: MIT */
/* The entry point; filled in as the rooms arrive. */
#include <stdio.h>

int main(void)
{
    puts("lifeguard " LIFEGUARD_VERSION);
    return 0;
}

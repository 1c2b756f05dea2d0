/* SPDX-License-Identifier: MIT */
/*
 * The entry point. The verbs that start a supervisor or open the screen need rooms that the
 * command line must not know: they are handed to it here.
 */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv, NULL, 0);
}

#!/usr/bin/perl
# A small server for a service pool: echoes lines on a port of 127.0.0.1 that the kernel chooses.
# It tells lifeguard when it is ready and beats its heart (sd_notify), and is its own client once
# a second, so that there is something to see. Needs no more than perl-base.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket qw(AF_UNIX SOCK_DGRAM pack_sockaddr_un);

$| = 1;
$SIG{TERM} = $SIG{INT} = sub { print "stopping\n"; notify("STOPPING=1"); exit 0 };
$SIG{PIPE} = 'IGNORE';

sub notify {
    my ($text) = @_;
    my $path = $ENV{NOTIFY_SOCKET} or return;
    $path =~ s/^@/\0/;
    socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or return;
    send($socket, $text, 0, pack_sockaddr_un($path));
    close($socket);
}

my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 16, Proto => 'tcp')
    or die "listen: $@\n";
my $port = $server->sockport;
my $select = IO::Select->new($server);
my ($served, $next) = (0, time + 1);
my $probe;

print "listening on 127.0.0.1:$port\n";
notify("READY=1\nSTATUS=port $port");

while (1) {
    for my $socket ($select->can_read(0.25)) {
        if ($socket == $server) {
            my $client = $server->accept or next;
            $select->add($client);
            next;
        }
        my $line = sysread($socket, my $bytes, 4096);
        if (!$line) {
            $select->remove($socket);
            close($socket);
        } elsif ($probe && $socket == $probe) {
            $served++;
            chomp $bytes;
            print "request $served served: $bytes\n";
            $select->remove($socket);
            close($socket);
            undef $probe;
        } else {
            syswrite($socket, $bytes);
        }
    }
    if (time >= $next) {
        $next = time + 1;
        $probe ||= IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
        if ($probe) {
            $select->add($probe);
            syswrite($probe, "hello at " . time . "\n");
        }
        notify("WATCHDOG=1\nSTATUS=port $port, $served requests");
    }
}

#!/usr/bin/perl
# Switches a machine's wires to another pod and announces it there, in the network namespace of the wires:
#   cut-over.pl MARKER TEXT [IFINDEX MAC]... <COMMANDS
#
# COMMANDS are those of `tc -batch`. When they have succeeded, file MARKER says TEXT, and a RARP request of each MAC goes out by the device of that
# number, again after a while as QEMU does it (migrate-set-parameters announce-*): the first may be lost. All of it is one process, so that a
# starter that dies leaves nothing half done.
use strict;
use warnings;

my ($marker, $text, @nics) = @ARGV;
my @delays = (0.005, 0.01, 0.02, 0.05, 0.1);
socket(my $socket, 17, 3, 0) or die "AF_PACKET: $!\n";
my $commands = do { local $/; <STDIN> };
if (length $commands) {
  open(my $tc, '|-', 'tc', '-batch', '-') or die "tc: $!\n";
  print $tc $commands;
  close($tc) or die "tc failed\n";
}
open(my $file, '>', "$marker.part") or die "$marker: $!\n";
print $file $text;
close($file) or die "$marker: $!\n";
rename("$marker.part", $marker) or die "$marker: $!\n";

sub announce {
  for (my $nic = 0; $nic < @nics; $nic += 2) {
    my $mac = pack('H12', $nics[$nic + 1] =~ tr/://dr);
    # RFC 903: request reverse, the sender asks for itself
    my $frame = ("\xff" x 6) . $mac . pack('n', 0x8035) . pack('nnCCn', 1, 0x0800, 6, 4, 3) . $mac . ("\0" x 4) . $mac . ("\0" x 4);
    # struct sockaddr_ll (packet(7))
    my $to = pack('SnlSCCa8', 17, 0x8035, $nics[$nic], 1, 0, 6, "\xff" x 6);
    send($socket, $frame . ("\0" x 18), 0, $to);
  }
}

announce();
# whoever waits for the first need not wait for the others
defined(my $child = fork()) or exit 0;
exit 0 if $child;
close($_) for *STDIN, *STDOUT, *STDERR;
for my $delay (@delays) {
  select(undef, undef, undef, $delay);
  announce();
}

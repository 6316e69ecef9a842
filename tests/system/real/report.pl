# SPDX-License-Identifier: Apache-2.0
# A real script: words of a text, counted, sorted and packed.
use strict;
use warnings;
use utf8;
use Data::Dumper;
use File::Temp qw(tempfile);
use List::Util qw(reduce shuffle first);
use JSON::PP;

binmode(STDOUT, ':encoding(UTF-8)');
my (%count, $lines, @lengths);
open(my $file, '<:encoding(UTF-8)', $ARGV[0]) or die "$ARGV[0]: $!";
while (my $line = <$file>) {
	chomp $line;
	$lines++;
	push @lengths, length $line;
	$count{$_}++ for split /\s+/, $line;
}
close $file;
printf "%d lines, longest %d\n", $lines, reduce { $a > $b ? $a : $b } @lengths;
printf "%-10s %d\n", $_, $count{$_} for sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
my $json = JSON::PP->new->canonical->pretty;
print $json->encode(\%count);
my ($to, $path) = tempfile();
print $to join(',', map { $_ ** 2 } 1 .. 100);
close $to;
open(my $again, '<', $path) or die $!;
my @squares = split /,/, <$again>;
print scalar(@squares), ' ', $squares[-1], "\n";
$Data::Dumper::Sortkeys = 1;
print Dumper({ first => first { $_ > 50 } @squares });
print sprintf('%vd', $^V), ' ', eval { die { code => 5 } } // $@->{code}, "\n";

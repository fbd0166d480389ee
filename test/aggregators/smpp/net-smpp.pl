#!/usr/bin/perl
# A message centre made with Net::SMPP, which shares no code with npm's smpp. Prints its port, then one line for each thing that
# happens: a bind, a submit with its octets in hexadecimal, an acknowledged receipt, an unbind. Ends when its standard input does.
use strict;
use warnings;
use IO::Select;
use Net::SMPP;

$| = 1;
my $server = Net::SMPP->new_listen('127.0.0.1', port => 0, smpp_version => 0x34) or die "no port: $!";
print 'port ', $server->sockport, "\n";

my $select = IO::Select->new($server, \*STDIN);
my $last_id = 0xab00;
my %receipts;

LOOP: while (my @ready = $select->can_read) {
    for my $handle (@ready) {
        if ($handle == \*STDIN) {
            last LOOP;
        } elsif ($handle == $server) {
            my $client = $server->accept or next;
            $select->add($client);
        } else {
            serve($handle);
        }
    }
}

sub serve {
    my ($client) = @_;
    my $pdu = $client->read_pdu;
    if (!defined $pdu) {
        $select->remove($client);
        $client->close;
        return;
    }
    my $command = $pdu->{cmd};
    if ($command == Net::SMPP::CMD_bind_transceiver) {
        my $right = $pdu->{system_id} eq 'demo' && $pdu->{password} eq 'secret';
        print join(' ', 'bind', $pdu->{system_id}, $right ? 'right' : 'wrong', sprintf('%02x', $pdu->{interface_version})), "\n";
        $client->bind_transceiver_resp(
            seq => $pdu->{seq},
            status => $right ? 0 : Net::SMPP::ESME_RINVPASWD,
            system_id => 'net-smpp',
        );
    } elsif ($command == Net::SMPP::CMD_submit_sm) {
        my $id = sprintf '%X', ++$last_id;
        print join(' ', 'submit', map { $_ eq '' ? '-' : $_ } $id, $pdu->{source_addr}, $pdu->{destination_addr}, $pdu->{esm_class},
            $pdu->{data_coding}, unpack('H*', $pdu->{short_message})), "\n";
        $client->submit_sm_resp(seq => $pdu->{seq}, status => 0, message_id => $id);
        # In decimal, where the answer was in hexadecimal.
        my $words = sprintf 'id:%d sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 stat:DELIVRD err:000 text:', hex $id;
        my $seq = $client->deliver_sm(
            source_addr => $pdu->{destination_addr},
            source_addr_ton => 1,
            source_addr_npi => 1,
            destination_addr => $pdu->{source_addr},
            esm_class => 4,
            short_message => $words,
            async => 1,
        );
        $receipts{$seq} = $id;
    } elsif ($command == Net::SMPP::CMD_deliver_sm_resp) {
        print join(' ', 'acknowledged', delete $receipts{$pdu->{seq}} // '-', $pdu->{status}), "\n";
    } elsif ($command == Net::SMPP::CMD_enquire_link) {
        print "enquiry\n";
        $client->enquire_link_resp(seq => $pdu->{seq}, status => 0);
    } elsif ($command == Net::SMPP::CMD_unbind) {
        print "unbind\n";
        $client->unbind_resp(seq => $pdu->{seq}, status => 0);
    }
}

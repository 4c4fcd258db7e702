using System.Net.Sockets;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Testing.Cards.Net;

/// <summary>Brings a slot to a vpcd driver, so that PC/SC sees its card: connected means that a card is in.</summary>
public static class VpcdClient
{
    /// <summary>Stays connected while a card is in; returns when the driver closes.</summary>
    /// <exception cref="SocketException">The driver can't be reached.</exception>
    public static async Task RunAsync(string host, int port, CardSlot slot, CardPacer? pacer, CancellationToken cancellation)
    {
        while (true)
        {
            while (slot.Look() is { Insertion: 0 } absent) await absent.Changed.WaitAsync(cancellation).ConfigureAwait(false);
            var present = slot.Look();
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            using var wire = new VpcdSocket(socket);
            await socket.ConnectAsync(host, port, cancellation).ConfigureAwait(false);
            var session = new VpcdSession(wire, slot, pacer).RunAsync(cancellation);
            if (await Task.WhenAny(session, present.Changed).ConfigureAwait(false) == session)
            {
                await session.ConfigureAwait(false);
                return;
            }
            wire.Dispose();
            await session.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CardIssue.Bench;

/// <summary>The loop to compare with: SCardTransmit of libpcsclite and nothing around it.</summary>
internal static unsafe partial class BarePcsc
{
    private const string Library = "libpcsclite.so.1";
    private const nint SystemScope = 2, Exclusive = 1, AnyProtocol = 3, Leave = 0;
    private const int ResponseRoom = 258;

    /// <summary>Sends a command so often to a card that it connects to, and returns each round trip in microseconds.</summary>
    public static double[] Measure(string reader, byte[] command, int times)
    {
        nint context, card, protocol;
        Check(SCardEstablishContext(SystemScope, 0, 0, &context), nameof(SCardEstablishContext));
        Check(SCardConnect(context, reader, Exclusive, AnyProtocol, &card, &protocol), nameof(SCardConnect));
        var took = new double[times];
        var header = stackalloc nint[2] { protocol, 2 * sizeof(nint) };
        var response = stackalloc byte[ResponseRoom];
        fixed (byte* bytes = command)
        {
            for (var i = 0; i < times; i++)
            {
                nint length = ResponseRoom;
                var started = Stopwatch.GetTimestamp();
                Check(SCardTransmit(card, header, bytes, command.Length, null, response, &length), nameof(SCardTransmit));
                took[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
            }
        }
        Check(SCardDisconnect(card, Leave), nameof(SCardDisconnect));
        Check(SCardReleaseContext(context), nameof(SCardReleaseContext));
        return took;
    }

    private static void Check(nint code, string call)
    {
        if (code != 0) throw new InvalidOperationException($"{call} returned {(uint)code:X8}.");
    }

    [LibraryImport(Library)]
    private static partial nint SCardEstablishContext(nint scope, nint reserved1, nint reserved2, nint* context);

    [LibraryImport(Library)]
    private static partial nint SCardReleaseContext(nint context);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint SCardConnect(nint context, string reader, nint share, nint protocols, nint* card, nint* protocol);

    [LibraryImport(Library)]
    private static partial nint SCardDisconnect(nint card, nint disposition);

    [LibraryImport(Library)]
    private static partial nint SCardTransmit(nint card, nint* header, byte* command, nint commandLength, nint* receiveHeader, byte* response, nint* responseLength);
}

using System.Text;
using CardIssue.Reader.Serial.Ccid;
using CardIssue.Reader.Serial.Framing;

namespace CardIssue.Reader.Serial;

/// <summary>What a serial reader tells of itself, and how it is told to tell of cards: a GemPC Twin's escapes.</summary>
/// <param name="Firmware">The string that it names itself with, as it stands; null when it tells none.</param>
/// <param name="Notifies">Whether it agreed to tell of cards by itself.</param>
internal sealed record ReaderProfile(string? Firmware, bool Notifies)
{
    private const int MaxFirmware = 64;
    private static readonly byte[] AskFirmware = [0x02];

    // 01 01 01, which libccid sends, is the other mode: movements are told after the next command only (ccid_serial.c, "synchronous mode"). A host that waits
    // for cards would have to ask over and over to hear of one.
    private static readonly byte[] NotifyAtOnce = [0x01, 0x01, 0x00];


    /// <summary>The model, as far as the string names one: what stands before <c>-V</c>, as in <c>GemTwin-V2.00-GM01</c>.</summary>
    public string? Model => Split is > 0 and var at ? Firmware![..at] : null;

    /// <summary>The version that follows it; all of the string when it is not of that form.</summary>
    public string? Version => Split is > 0 and var at ? Firmware![(at + 1)..] : Firmware;

    private int Split => Firmware?.IndexOf("-V", StringComparison.Ordinal) ?? -1;

    /// <summary>Asks for the firmware string.</summary>
    public static async ValueTask<string?> AskFirmwareAsync(CcidReader reader, CancellationToken cancellation)
    {
        using var answer = await reader.ExchangeAsync(new CcidCommand(CcidCommandType.Escape, AskFirmware), ExchangeLimits.ReaderAlone, cancellation).ConfigureAwait(false);
        return answer.IsOk ? ParseFirmware(answer.Data.Span) : null;
    }

    /// <summary>Asks for the firmware string, and to be told of cards at once.</summary>
    public static async ValueTask<ReaderProfile> AskAsync(CcidReader reader, CancellationToken cancellation)
    {
        var firmware = await AskFirmwareAsync(reader, cancellation).ConfigureAwait(false);
        using var answer = await reader.ExchangeAsync(new CcidCommand(CcidCommandType.Escape, NotifyAtOnce), ExchangeLimits.ReaderAlone, cancellation).ConfigureAwait(false);
        return new ReaderProfile(firmware, answer.IsOk);
    }

    /// <summary>The printable ASCII of an answer, up to its first 00; null when that is nothing, or something else is in it.</summary>
    public static string? ParseFirmware(ReadOnlySpan<byte> data)
    {
        var end = data.IndexOf((byte)0);
        var text = (end < 0 ? data : data[..end]).TrimEnd((byte)' ');
        return text.Length is 0 or > MaxFirmware || text.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7E) >= 0 ? null : Encoding.ASCII.GetString(text);
    }
}

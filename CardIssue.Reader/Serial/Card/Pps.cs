namespace CardIssue.Reader.Serial.Card;

/// <summary>What a card said to a PPS request.</summary>
internal enum PpsOutcome
{
    /// <summary>Protocol and speed are as asked for.</summary>
    Agreed,
    /// <summary>The protocol is as asked for, the speed stays the default one: PPS1 did not come back.</summary>
    DefaultSpeed,
    /// <summary>No agreement: the card is to be reset (ISO 7816-3 9.3).</summary>
    Failed,
}

/// <summary>Protocol and parameters selection (ISO 7816-3 9).</summary>
internal static class Pps
{
    private const byte Start = 0xFF, HasPps1 = 0x10;

    /// <summary>FF, PPS0, PPS1 when the speed is not the default one, and the check.</summary>
    public static byte[] Request(int protocol, byte speed)
    {
        byte[] request = speed == Atr.DefaultSpeed ? [Start, (byte)protocol, 0] : [Start, (byte)(HasPps1 | protocol), speed, 0];
        request[^1] = Framing.SerialFrame.Check(request);
        return request;
    }

    /// <summary>Judges the card's answer (9.3).</summary>
    public static PpsOutcome Judge(ReadOnlySpan<byte> request, ReadOnlySpan<byte> response)
    {
        if (response.SequenceEqual(request)) return PpsOutcome.Agreed;
        var isProtocolAlone = response.Length == 3 && response[0] == Start && response[1] == (request[1] & 0x0F) && Framing.SerialFrame.Check(response) == 0;
        return isProtocolAlone ? PpsOutcome.DefaultSpeed : PpsOutcome.Failed;
    }
}

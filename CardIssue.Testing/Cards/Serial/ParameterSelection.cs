using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Serial;

/// <summary>The card's side of protocol and parameters selection (ISO 7816-3 clause 9): the first thing after the answer to reset, or never.</summary>
internal static class ParameterSelection
{
    private const byte Initial = 0xFF, HasPps1 = 0x10;

    /// <summary>No class byte and no node address is FF.</summary>
    public static bool IsOne(byte[] bytes) => bytes is [Initial, ..];

    /// <summary>The response: the request itself, without a PPS1 whose speed the card does not offer; null when the card stays mute.</summary>
    public static byte[]? Answer(byte[] request, CardProtocol offered)
    {
        if (request.Length < 3 || SerialFrame.Lrc(request) != 0) return null;
        var pps0 = request[1];
        var hasPps1 = (pps0 & HasPps1) != 0;
        // PPS2 and PPS3 mean nothing to a card whose answer to reset says nothing about them.
        if ((pps0 & 0xE0) != 0 || request.Length != (hasPps1 ? 4 : 3)) return null;
        if ((pps0 & 0x0F) != (offered == CardProtocol.T1 ? 1 : 0)) return null;
        var isOffered = hasPps1 && (request[2] == AnswerToReset.DefaultSpeed || offered == CardProtocol.T1 && request[2] == AnswerToReset.Speed);
        if (!hasPps1 || isOffered) return request;
        byte reduced = (byte)(pps0 & ~HasPps1);
        return [Initial, reduced, (byte)(Initial ^ reduced)];
    }
}

namespace CardIssue.Fuzz.Flows;

/// <summary>What is issued while somebody is mad.</summary>
/// <param name="ReadsBack">Whether the product is the one that reads back and looks first (<see cref="FuzzProducts"/>).</param>
/// <param name="IsNumbered">Whether the card tells nothing of itself, so that the center gives it a number.</param>
internal readonly record struct FlowOrder(bool ReadsBack, bool IsNumbered)
{
    /// <summary>Bits of the first piece's first byte, beside the strike's direction.</summary>
    private const int ReadsBackBit = 2, NumberedBit = 4;

    /// <summary>Where that byte stands: after the piece's length.</summary>
    private const int At = 2;

    /// <summary>As an input says.</summary>
    public static FlowOrder Of(byte[] input) => input.Length <= At ? default
        : new FlowOrder((input[At] & ReadsBackBit) != 0, (input[At] & NumberedBit) != 0);

    /// <summary>One after the other, for good peers.</summary>
    public static FlowOrder Turn(uint number) => new((number & 1) != 0, (number & 2) != 0);

    /// <summary>An input of a strike or more that says so.</summary>
    public byte[] In(byte[] input)
    {
        var said = input.ToArray();
        said[At] |= (byte)((ReadsBack ? ReadsBackBit : 0) | (IsNumbered ? NumberedBit : 0));
        return said;
    }
}

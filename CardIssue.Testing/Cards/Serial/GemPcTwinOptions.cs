namespace CardIssue.Testing.Cards.Serial;

/// <summary>How a <see cref="GemPcTwin"/> behaves.</summary>
public sealed record GemPcTwinOptions
{
    /// <summary>What the escape command 02 is answered with.</summary>
    public string Firmware { get; init; } = "GemTwin-V2.00-GC03 (CardIssue VirtualCard)";

    /// <summary>Whether each command is sent back before its answer, as a GemPC Twin does. Its kin (GemCore SIM Pro, POS Pro) do not.</summary>
    public bool Echoes { get; init; } = true;

    /// <summary>How long a card works in silence before it asks for more time. Below the block waiting time of our answer to reset (BWI 4 at 4 MHz: 1.4 s).</summary>
    public TimeSpan CardSilence { get; init; } = TimeSpan.FromMilliseconds(800);

    /// <summary>What a T=1 card asks for, in block waiting times.</summary>
    public byte WaitingTimeMultiplier { get; init; } = 1;

    /// <summary>When the rest of a frame does not come within this time, the frame is damaged. A whole one takes 26 ms at 115,200 baud.</summary>
    public TimeSpan FrameTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The clock that its times are taken by.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

using System.Security.Cryptography;

namespace CardIssue.Reader.Serial.Framing;

/// <summary>What came from the reader.</summary>
internal enum FrameEventKind
{
    /// <summary>A whole message whose check is right.</summary>
    Message,
    /// <summary>The reader asks for our last frame again.</summary>
    Nak,
    /// <summary>Something that began as a frame and was none; the line has been silent since.</summary>
    Damaged,
    /// <summary>A byte that belongs to nothing.</summary>
    Noise,
    /// <summary>A byte from 80 on between frames: the card needs more time (T=0), the reader lives.</summary>
    TimeRequest,
    /// <summary>50 03: a card was put in.</summary>
    Inserted,
    /// <summary>50 02: the card was taken out.</summary>
    Removed,
}

/// <summary>One thing that came from the reader. A message may hold a customer's data: whoever takes it, clears it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Message">The CCID message, pinned; null unless it is one.</param>
/// <param name="Length">How many bytes it had on the line.</param>
internal readonly record struct FrameEvent(FrameEventKind Kind, byte[]? Message = null, int Length = 0)
{
    public void Clear() => CryptographicOperations.ZeroMemory(Message);
}

namespace CardIssue.Reader.PcSc.Binding;

/// <summary>
/// One platform's functions with the platform's widths taken away: DWORDs are 32 bits here, handles are <see cref="nint"/>, returned codes are masked to 32
/// bits. Lengths of names are in units of <see cref="PcscLayout.CharacterSize"/>.
/// </summary>
internal unsafe interface INativePcsc
{
    PcscLayout Layout { get; }

    uint EstablishContext(out nint context);

    uint ReleaseContext(nint context);

    uint Cancel(nint context);

    uint ListReaders(nint context, byte* names, ref uint length);

    uint GetStatusChange(nint context, uint timeout, byte* states, uint count);

    uint Connect(nint context, byte* reader, uint share, uint protocols, out nint card, out uint active);

    uint Reconnect(nint card, uint share, uint protocols, uint initialization, out uint active);

    uint Disconnect(nint card, uint disposition);

    uint Status(nint card, byte* name, ref uint nameLength, byte* atr, ref uint atrLength);

    uint Transmit(nint card, byte* sendHeader, byte* command, uint commandLength, byte* response, ref uint responseLength);

    uint GetAttribute(nint card, uint attribute, byte* value, ref uint length);
}

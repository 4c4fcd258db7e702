namespace CardIssue.Reader.Serial.T1;

/// <summary>What a card says of T=1 (ISO 7816-3 11.4).</summary>
/// <param name="Ifsc">The longest information field that it takes, in bytes.</param>
/// <param name="Bwi">Block waiting time integer.</param>
/// <param name="Cwi">Character waiting time integer.</param>
/// <param name="UsesCrc">Whether blocks end with a CRC (2 bytes) instead of an LRC (1 byte).</param>
internal sealed record T1Parameters(int Ifsc = 32, int Bwi = 4, int Cwi = 13, bool UsesCrc = false);

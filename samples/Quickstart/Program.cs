Console.WriteLine("not written yet");
return 1;
